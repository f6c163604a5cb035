"use strict";
// Everything by keyboard alone, and everything without script.
const { check, picture, run, signIn, watched } = require("./browser.cjs");

run(async function keyboard(browser, o) {
  const page = await watched(browser);
  const here = () => page.evaluate(() => {
    const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
    return { id: e.id, name: e.getAttribute("name"), text: (e.innerText || e.value || e.getAttribute("aria-label") || "").trim(), tag: e.tagName,
      seen: box.width > 0 && box.height > 0, ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none" };
  });
  // tabTo goes on until what is wanted has the focus, which must be seen all the way.
  const tabTo = async (wanted, limit = 120) => {
    for (let i = 0; i < limit; i++) {
      await page.keyboard.press("Tab");
      const at = await here();
      if (at.tag !== "BODY") check(at.seen && at.ring, `${page.url()}: nobody sees that ${at.tag} "${at.text.slice(0, 40)}" has the focus`);
      if (wanted(at)) return at;
    }
    throw new Error(`${page.url()}: the keyboard does not lead there`);
  };
  const loaded = async (press) => { await Promise.all([page.waitForNavigation(), press()]); };
  const enter = () => loaded(() => page.keyboard.press("Enter"));

  await page.goto(o.url);
  check((await tabTo(() => true)).text === "Skip to content", "the first stop does not skip to the content");
  await page.keyboard.press("Enter");
  check(await page.evaluate(() => document.activeElement.id) === "main", "the content is not skipped to");
  await page.goto(`${o.url}/signin`);
  check((await here()).id === "token", "the token's field has no focus");
  await page.keyboard.type(o.token);
  await enter();
  await tabTo((at) => at.text === "Dead letters");
  await enter();
  await tabTo((at) => at.id === "reason");
  await page.keyboard.type("exhausted");
  await tabTo((at) => at.text === "Filter");
  await enter();
  check(page.url().includes("reason=exhausted"), `the filter is ${page.url()}`);
  await tabTo((at) => at.name === "ref");
  await page.keyboard.press("Space");
  await tabTo((at) => at.text.startsWith("Replay the chosen"));
  await picture(page, "keyboard-letters", false);
  await enter();
  check(page.url().includes("ref="), `the choice is ${page.url()}`);
  await tabTo((at) => at.id === "why");
  await page.keyboard.type("by keyboard");
  await enter(); // the dry run
  await tabTo((at) => at.tag === "BUTTON" && /^Send|^Dry/.test(at.text) || /^Leave it/.test(at.text));

  // Without script every page does its work.
  const plain = await watched(browser, { javaScriptEnabled: false });
  await signIn(plain);
  await plain.goto(`${o.url}/letters?reason=exhausted`);
  await plain.locator("input[name=ref]").first().check();
  await plain.getByRole("button", { name: "Replay the chosen…" }).click();
  await plain.fill("#why", "without script");
  await plain.getByRole("button", { name: "Dry run" }).click();
  check((await plain.innerText("main")).includes("Dry run"), "there is no dry run without script");
});
