package deploy

const unit = root + "/deploy/systemd/bank-processor.service"
