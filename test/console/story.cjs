"use strict";
// A night at the console: an operator signs in, finds what is wrong and puts it right.
const { accessible, check, facts, picture, run, signIn, watched } = require("./browser.cjs");

run(async function story(browser, o) {
  const page = await watched(browser);
  const text = () => page.innerText("main");
  const says = async (...wanted) => {
    const t = await text();
    for (const want of wanted) check(t.includes(want), `${page.url()}: want ${JSON.stringify(want)} in ${JSON.stringify(t.slice(0, 1500))}`);
  };
  const press = (name) => page.getByRole("button", { name }).click();
  const follow = (name) => page.getByRole("link", { name, exact: true }).first().click();
  const open = async (id) => {
    await page.goto(`${o.url}/letters`);
    await page.getByRole("row", { name: id }).getByRole("link").click();
  };
  const dryRun = async (why) => { await page.fill("#why", why); await press("Dry run"); };

  // A stranger sees what there is, and no more.
  await page.goto(o.url);
  await follow("Dead letters");
  await says(`of ${o.letters}`, "Sign in");
  check(await page.locator("input[type=checkbox]").count() === 0, "a stranger can choose letters");
  await follow("Sign in");
  await page.fill("#token", "processor_console_wrong");
  await press("Sign in");
  await says("not taken");
  await signIn(page);

  // The list, filtered.
  await page.goto(`${o.url}/letters`);
  await page.selectOption("#reason", "in-doubt");
  await press("Filter");
  await says("that match", o.applied, o.unapplied);
  check(!(await text()).includes(o.unknown), "the filter lets others through");

  // What the bank has done is resolved.
  await open(o.applied);
  await says("may have done this", "Calls that may have been applied", "IN_DOUBT");
  check(!(await page.content()).includes(o.person), "a person is shown");
  await page.getByText("Show what is masked…").click();
  await page.fill("#why-reveal", "the bank asks who it is");
  await press("Show the values");
  await says("with its values", "looked at the values");
  await follow("Resolve…");
  await page.getByLabel("Succeeded").check();
  await page.fill("#why", "the bank's list has it");
  await page.fill("#bank_reference", "REF-7");
  await press("Look at it once more");
  await says("This will be published", "operator.confirmed");
  await picture(page, "story-resolve");
  await press("Publish SUCCEEDED");
  await says("resolved: SUCCEEDED", "REF-7");

  // What it certainly has not done is sent again, and said so.
  await open(o.unapplied);
  await follow("Replay…");
  await dryRun("the bank knows nothing of it");
  await says("Nothing would be sent", "ask the bank");
  await page.goBack();
  await page.getByLabel("I state that the bank has not applied").check();
  await dryRun("the bank knows nothing of it");
  await press("Send 1 command");
  await says("The command was sent again");
  await page.waitForFunction(async () => { if (document.body.innerText.includes("replayed: SUCCEEDED")) return true; location.reload(); return false; }, null, { polling: 500 });

  // A slip of upstream's is mended.
  await open(o.malformed);
  await page.getByText("Edit and replay…").click();
  await page.fill("#why-edit", "consent is a boolean");
  await press("Edit");
  const payload = await page.inputValue("#payload");
  check(payload.includes('"yes"'), `the payload is ${payload}`);
  await page.fill("#payload", payload.replace('"yes"', "true"));
  await press("Dry run");
  await says("Send 1 command");
  await press("Send 1 command");
  await says("with another payload");

  // The storm, in one order, with its progress; the page may be left.
  await page.goto(`${o.url}/letters?code=dbs.bank.unexpected_error&state=open`);
  await press("Replay all that match…");
  await page.getByText("Pace and limits").click();
  await page.fill("#rate", String(o.storm / 4));
  await dryRun("the bank is well again");
  await picture(page, "story-plan");
  await press(`Send ${o.storm} commands`);
  await page.waitForSelector("progress");
  await says(`of ${o.storm} done`);
  await picture(page, "story-progress");
  await page.goto(o.url);
  await page.goto(`${o.url}/replay/progress`);
  await accessible(page, "progress");
  await page.getByText(`All ${o.storm} done.`).waitFor();
  facts.minutes = await text();

  // The audit tells it.
  await page.goto(`${o.url}/audit`);
  await says("has resolved it as SUCCEEDED operator.confirmed", "states that the bank has not applied it", "consent is a boolean",
    "the bank is well again", "looked at the values", "the replay came to SUCCEEDED", "alice");
  check(!(await page.content()).includes(o.person), "a person stands in the audit");
  await picture(page, "story-audit");
  await press("Sign out");
  await page.goto(`${o.url}/audit`);
  check(page.url().includes("/signin"), "signing out leaves the audit open");
});
