"use strict";
// The live page on a busy day: frames, long tasks, script and memory over ten seconds.
const { check, facts, picture, run, watched } = require("./browser.cjs");

run(async function calm(browser, o) {
  const page = await watched(browser);
  const wire = await page.context().newCDPSession(page);
  await wire.send("Performance.enable");
  const metrics = async () => Object.fromEntries((await wire.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value]));
  const heap = async () => { await wire.send("HeapProfiler.collectGarbage"); return (await metrics()).JSHeapUsedSize; };
  let bytes = 0;
  await wire.send("Network.enable");
  wire.on("Network.dataReceived", (e) => { bytes += e.dataLength; });

  await page.goto(o.url);
  await page.waitForFunction(() => document.getElementById("news")?.textContent === "Live");
  await page.waitForTimeout(2000); // what happens once, at the start, is over
  const before = { ...(await metrics()), heap: await heap() };
  bytes = 0;
  const seen = await page.evaluate((seconds) => new Promise((done) => {
    const frames = [], long = [];
    let texts = 0;
    new PerformanceObserver((list) => { for (const e of list.getEntries()) long.push(Math.round(e.duration)); }).observe({ type: "longtask" });
    new MutationObserver((all) => { texts += all.length; }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    const end = performance.now() + seconds * 1000;
    let last = performance.now();
    const frame = (now) => {
      frames.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(frame);
      else setTimeout(() => done({ frames: frames.slice(1), long, texts }), 100);
    };
    requestAnimationFrame(frame);
  }), o.seconds);
  const after = { ...(await metrics()), heap: await heap() };
  const sorted = seen.frames.slice().sort((a, b) => a - b);
  Object.assign(facts, {
    perSecond: Math.round(10000 / sorted[sorted.length >> 1]) / 10, p99: Math.round(sorted[Math.floor(sorted.length * .99)] * 10) / 10, frames: sorted.length,
    longTasks: seen.long, mutations: seen.texts / o.seconds,
    scriptMillis: Math.round((after.ScriptDuration - before.ScriptDuration) * 1000 / o.seconds * 10) / 10,
    layoutMillis: Math.round((after.LayoutDuration + after.RecalcStyleDuration - before.LayoutDuration - before.RecalcStyleDuration) * 1000 / o.seconds * 10) / 10,
    taskMillis: Math.round((after.TaskDuration - before.TaskDuration) * 1000 / o.seconds * 10) / 10,
    bytes: Math.round(bytes / o.seconds), heapGrowth: after.heap - before.heap, heap: after.heap,
  });
  check(seen.texts > 0, "nothing moves on the page: it shows nothing");
  await picture(page, o.picture);
});
