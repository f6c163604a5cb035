"use strict";
// Every page, wide and narrow, light and dark: what axe says, whether it fits, what it
// weighs, and that text which somebody has stored stays text.
const { accessible, check, facts, picture, run, signIn, watched } = require("./browser.cjs");

run(async function pages(browser, o) {
  const looks = [
    { name: "wide", axe: true, viewport: { width: 1280, height: 900 }, colorScheme: "light" },
    { name: "dark", axe: true, viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
    { name: "phone", axe: true, viewport: { width: 360, height: 740 }, colorScheme: "light", hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
    { name: "phone-dark", axe: false, viewport: { width: 360, height: 740 }, colorScheme: "dark", hasTouch: true, isMobile: true, deviceScaleFactor: 1 },
  ];
  facts.weights = {};
  for (const { name, axe, ...look } of looks) {
    const page = await watched(browser, look);
    let weight = 0;
    const wire = await page.context().newCDPSession(page);
    await wire.send("Network.enable");
    await wire.send("Network.setCacheDisabled", { cacheDisabled: true });
    wire.on("Network.loadingFinished", (e) => { weight += e.encodedDataLength; });
    const visit = async (title, path) => {
      weight = 0;
      await page.goto(o.url + path, { waitUntil: "load" });
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      if (path === "/") await page.waitForFunction(() => document.getElementById("news")?.textContent === "Live");
      facts.weights[title] = Math.max(facts.weights[title] || 0, weight);
      check(weight < 150000, `${title}: weighs ${weight} bytes`);
      const [wanted, has] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      check(wanted <= has, `${title}, ${name}: is ${wanted} wide on ${has}`);
      if (axe) await accessible(page, `${title}, ${name}`);
      check(await page.evaluate(() => window.pwned === undefined && !document.querySelector("img[src=x], main script, main iframe, main object")), `${title}, ${name}: stored text is markup`);
      await picture(page, `${title}-${name}`);
    };
    await visit("overview", "/");
    await visit("signin", "/signin");
    await visit("letters-stranger", "/letters");
    await signIn(page);
    for (const [title, path] of Object.entries(o.pages)) await visit(title, path);
    // Texts of a stranger's making go in by the address, too.
    if (name === "wide") for (const path of ["/letters?code=", "/letters?since=", "/signin?next=/", "/letters?done=", "/replay?all=1&code=", "/audit?before=", "/nothing?"]) {
      await page.goto(o.url + path + encodeURIComponent(o.hostile));
      check(await page.evaluate(() => window.pwned === undefined && !document.querySelector("img[src=x]")), `${path}: a text is markup`);
    }
    await page.context().close();
  }
});
