// Package deploy has tests of what deploy/ ships: the image, the compose file, the Helm
// chart, the systemd unit and the packages, each with the program that its users will
// have: helm, kubeconform, docker, dpkg, systemd-analyze.
//
// test/deploy/run.sh runs them with all that they need; tools.sh makes what no
// distribution has. A part whose program is not there is skipped, and fails where CI
// is set.
package deploy
