"use strict";
// What the programs of this directory have in common. Each reads its orders from standard
// input as JSON and writes one line of JSON: what failed, and what it has measured.
const fs = require("fs");
const path = require("path");
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const failures = [];
const facts = {};
const check = (ok, text) => { if (!ok) failures.push(text); return ok; };

// watched is a page of a new context; whatever it does that no page of the console may
// do is a failure.
async function watched(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "no-preference", ...options });
  context.setDefaultTimeout(20000);
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (e) => console.error(`content security policy: ${e.violatedDirective} ${e.blockedURI}`));
  });
  const page = await context.newPage();
  page.on("pageerror", (e) => failures.push(`${page.url()}: the script fails: ${e.message}`));
  page.on("dialog", (d) => { failures.push(`${page.url()}: a dialog opens: ${d.message()}`); d.dismiss(); });
  page.on("console", (m) => {
    // A refusal that a page tells its reader is no error of the page.
    if (m.type() === "error" && !/status of (400|401|403|404|409)/.test(m.text())) failures.push(`${page.url()}: ${m.text()}`);
  });
  context.on("request", (r) => {
    if (!r.url().startsWith(orders.url)) failures.push(`a request to another host: ${r.url()}`);
  });
  return page;
}

async function signIn(page) {
  await page.goto(orders.url + "/signin");
  await page.fill("#token", orders.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForSelector(".who");
}

// accessible has axe look at the page as it stands.
async function accessible(page, what) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  for (const v of found.violations) {
    const where = v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ");
    const text = `${what}: axe: ${v.impact}: ${v.id}: ${v.help} (${where})`;
    if (v.impact === "serious" || v.impact === "critical") failures.push(text);
    else (facts.minor ||= []).push(text);
  }
}

async function picture(page, name, full = true) {
  await page.screenshot({ path: path.join(orders.pictures, `${name}.png`), fullPage: full, animations: "disabled" });
}

let orders;
async function run(program) {
  orders = JSON.parse(fs.readFileSync(0, "utf8"));
  fs.mkdirSync(orders.pictures, { recursive: true });
  const browser = await chromium.launch({ executablePath: orders.chromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  try {
    await program(browser, orders);
  } catch (e) {
    failures.push(`${program.name}: ${e.stack || e}`);
  } finally {
    await browser.close();
  }
  process.stdout.write(JSON.stringify({ failures, facts }) + "\n");
}

module.exports = { accessible, check, facts, picture, run, signIn, watched };
