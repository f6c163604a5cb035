"use strict";
// Follows /live: one message a second has the cells that have changed. They are written
// when the browser paints, as text, and only where they differ.
(() => {
  const SPAN = 300000; // what the plots show, in milliseconds
  const QUIET = 5000; // without a message for so long, the page says so
  const AGAIN = 3000;

  const index = (name) => {
    const all = new Map();
    for (const element of document.querySelectorAll(`[data-${name}]`)) all.set(element.dataset[name], element);
    return all;
  };
  const cells = { t: index("t"), s: index("s"), n: index("n"), m: index("m") };
  const write = {
    t: (element, text) => { if (element.textContent !== text) element.textContent = text; },
    s: (element, state) => { element.dataset.state = state; },
    n: (element, level) => { element.value = level; },
    m: (element, letters) => {
      const squares = element.children;
      for (let i = 0; i < squares.length; i++) {
        const letter = letters[i] || "-";
        if (squares[i].dataset.p !== letter) squares[i].dataset.p = letter;
      }
    },
  };

  // What has come and is not written yet: as much as there are cells, however long the
  // page is not painted.
  const pending = { t: new Map(), s: new Map(), n: new Map(), m: new Map() };
  let points = []; // {at, p}, oldest first
  let painting = false;

  const paint = () => {
    painting = false;
    for (const kind in pending) {
      for (const [key, value] of pending[kind]) {
        const element = cells[kind].get(key);
        if (element) write[kind](element, value);
      }
      pending[kind].clear();
    }
    for (const plot of plots) plot.draw();
  };
  const soon = () => {
    if (painting) return;
    painting = true;
    requestAnimationFrame(paint);
  };

  const take = (message) => {
    for (const kind in pending) {
      const changed = message[kind];
      for (const key in changed) pending[kind].set(key, changed[key]);
    }
    add({ at: message.at, p: message.p });
    heard();
    soon();
  };
  const add = (point) => {
    const last = points[points.length - 1];
    if (!point.p || last && point.at <= last.at) return;
    points.push(point);
    let old = 0;
    while (points[old].at < point.at - SPAN) old++;
    if (old) points = points.slice(old);
  };

  // Connection: closed while nobody looks, and sought again when it is lost.
  const news = document.getElementById("news");
  let source = null, last = Date.now(), timer = 0, ended = false;
  const say = (text, state) => {
    if (news.textContent !== text) news.textContent = text;
    news.dataset.state = state;
    document.body.classList.toggle("stale", state === "bad");
  };
  const clock = (at) => new Date(at).toLocaleTimeString([], { hour12: false });
  const heard = () => { last = Date.now(); ended = false; say("Live", "ok"); };
  const lost = () => say(
    ended ? `The processor has stopped; as of ${clock(last)}` : `No news since ${clock(last)}; trying again`, "bad");
  const close = () => { clearTimeout(timer); if (source) source.close(); source = null; };
  const open = () => {
    close();
    source = new EventSource("/live");
    source.addEventListener("whole", (event) => { take(JSON.parse(event.data)); load(); });
    source.addEventListener("message", (event) => take(JSON.parse(event.data)));
    source.addEventListener("end", () => { ended = true; lost(); });
    source.addEventListener("error", () => {
      if (Date.now() - last > QUIET) lost();
      // A refusal ends the source for good: it is made anew.
      if (source && source.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN);
    });
  };
  // A processor of another version has another page.
  const load = async () => {
    try {
      const answer = await fetch("/live/history", { cache: "no-store" });
      if (!answer.ok) return;
      const past = await answer.json();
      if (past.page !== news.dataset.page) { setTimeout(() => location.reload(), QUIET); return; }
      const newer = points;
      points = past.points;
      for (const point of newer) add(point);
      soon();
    } catch { /* the stream says when there is no connection */ }
  };
  setInterval(() => { if (source && Date.now() - last > QUIET) lost(); }, 1000);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else { last = Math.max(last, Date.now() - QUIET + 1000); open(); }
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });

  // Plots.
  const millis = (ms) => ms < 9.95 ? `${+ms.toFixed(1)} ms` : ms < 999.5 ? `${Math.round(ms)} ms` : ms < 59950 ? `${+(ms / 1000).toFixed(1)} s` : `${+(ms / 60000).toFixed(1)} min`;
  const rate = (n) => n === 0 ? "0" : n < 9.95 ? n.toFixed(1) : Math.round(n).toLocaleString("en");
  const picker = document.getElementById("series");
  const EDGE = { left: 52, right: 10, top: 8, bottom: 22 };
  // 1, 2, 5, 10, 20, …: the nearest that is not below x, and not above it.
  const above = (x) => { const d = 10 ** Math.floor(Math.log10(x)); return [1, 2, 5, 10].map((k) => k * d).find((v) => v >= x * .9999); };
  const below = (x) => { const d = 10 ** Math.floor(Math.log10(x)); return [5, 2, 1].map((k) => k * d).find((v) => v <= x * 1.0001); };
  const linear = (values) => {
    const most = Math.max(1, ...values), d = 10 ** Math.floor(Math.log10(most)), ticks = [];
    const top = [1, 2, 3, 4, 6, 8, 10].find((k) => k * d >= most) * d;
    for (let i = 0; i <= 4; i++) ticks.push(top * i / 4);
    return { ticks, place: (v) => v / top };
  };
  const logarithmic = (values) => {
    let low = below(Math.max(.1, Math.min(...values))), high = above(Math.max(.2, ...values));
    while (high / low < 9.99) { high = above(high * 1.01); if (high / low < 9.99) low = below(low * .99); }
    const ticks = [];
    for (let v = low; v <= high * 1.0001; v = above(v * 1.01)) ticks.push(v);
    const thin = ticks.length > 7 ? ticks.filter((v) => Math.abs(Math.log10(v) - Math.round(Math.log10(v))) < .001) : ticks;
    return { ticks: thin, place: (v) => Math.log(Math.max(v, low) / low) / Math.log(high / low) };
  };
  const NS = "http://www.w3.org/2000/svg";
  const make = (name, parent, attributes) => {
    const element = document.createElementNS(NS, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    parent.append(element);
    return element;
  };

  class Plot {
    constructor(id, label, names, from, scale, write) {
      const figure = document.getElementById(id);
      Object.assign(this, { names, from, scale, write, cursor: -1 });
      this.svg = make("svg", figure, { class: "plot", role: "img", tabindex: "0", "aria-label": `${label} over the last five minutes; arrow keys read single seconds` });
      this.back = make("g", this.svg, {});
      this.lines = names.map((_, i) => make("path", this.svg, { class: `line c${i + 1}` }));
      this.mark = make("path", this.svg, { class: "at" });
      this.legend = figure.querySelector(".legend");
      this.when = this.entry("");
      this.values = names.map((name, i) => this.entry(name, `c${i + 1}`));
      this.svg.addEventListener("pointermove", (event) => this.point(event.offsetX));
      this.svg.addEventListener("pointerleave", () => this.move(-1));
      this.svg.addEventListener("blur", () => this.move(-1));
      this.svg.addEventListener("keydown", (event) => this.key(event));
      // Measured when it changes, not when it is drawn: that would force a layout.
      new ResizeObserver(([entry]) => { this.box = entry.contentRect; soon(); }).observe(this.svg);
    }
    entry(name, color) {
      const item = document.createElement("li");
      if (color) {
        const swatch = document.createElement("i");
        swatch.className = color;
        item.append(swatch, `${name} `);
      }
      const value = document.createElement("b");
      item.append(value);
      this.legend.append(item);
      return value;
    }
    move(cursor) { this.cursor = cursor; soon(); }
    point(x) {
      if (!points.length) return;
      const at = this.end - SPAN + (x - EDGE.left) / this.width * SPAN;
      let near = 0;
      for (let i = 0; i < points.length; i++) if (Math.abs(points[i].at - at) < Math.abs(points[near].at - at)) near = i;
      this.move(points[near].at);
    }
    key(event) {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") this.move(-1);
      if (!step || !points.length) return;
      event.preventDefault();
      this.legend.setAttribute("aria-live", "polite");
      const here = this.cursor < 0 ? points.length - 1 : points.findIndex((p) => p.at >= this.cursor);
      this.move(points[Math.min(points.length - 1, Math.max(0, here + step * (event.shiftKey ? 10 : 1)))].at);
    }
    draw() {
      const box = this.box;
      if (!box || !box.width || !points.length) return;
      const height = box.height - EDGE.top - EDGE.bottom;
      this.width = box.width - EDGE.left - EDGE.right;
      this.end = points[points.length - 1].at;
      const series = picker.selectedIndex;
      const rows = points.map((point) => point.p[series] || []);
      const all = [];
      for (const row of rows) for (let k = 0; k < this.names.length; k++) if (row[this.from + k] != null) all.push(row[this.from + k]);
      const { ticks, place } = this.scale(all.length ? all : [1]);
      const x = (at) => EDGE.left + this.width * (1 - (this.end - at) / SPAN);
      const y = (value) => EDGE.top + height * (1 - place(value));
      this.axes(ticks, y, height, box.width);
      this.lines.forEach((line, k) => {
        let path = "", joined = 0;
        rows.forEach((row, i) => {
          const value = row[this.from + k];
          if (value == null) { joined = 0; return; }
          if (joined && points[i].at - joined > 3500) joined = 0;
          path += `${joined ? "L" : "M"}${x(points[i].at).toFixed(1)} ${y(value).toFixed(1)}${joined ? "" : "h.1"}`;
          joined = points[i].at;
        });
        line.setAttribute("d", path);
      });
      this.tell(rows, x, height);
    }
    axes(ticks, y, height, width) {
      const key = `${ticks.join()} ${width} ${height}`;
      if (key === this.axesKey) return;
      this.axesKey = key;
      this.back.replaceChildren();
      for (const tick of ticks) {
        const at = Math.round(y(tick)) + .5;
        make("path", this.back, { class: "grid", d: `M${EDGE.left} ${at}H${width - EDGE.right}` });
        make("text", this.back, { x: EDGE.left - 8, y: at + 3.5, "text-anchor": "end" }).textContent = this.write(tick);
      }
      for (let minute = width < 400 ? 1 : 0; minute <= 5; minute += width < 400 ? 2 : 1) {
        const anchor = minute === 5 ? "end" : "middle";
        make("text", this.back, { x: EDGE.left + this.width * minute / 5, y: EDGE.top + height + 17, "text-anchor": anchor })
          .textContent = minute === 5 ? "now" : `−${5 - minute} min`;
      }
    }
    tell(rows, x, height) {
      let i = points.length - 1;
      const pointed = this.cursor >= points[0].at;
      if (pointed) i = Math.max(0, points.findIndex((p) => p.at >= this.cursor));
      this.mark.setAttribute("d", pointed ? `M${Math.round(x(points[i].at)) + .5} ${EDGE.top}v${height}` : "");
      write.t(this.when, pointed ? clock(points[i].at) : "");
      this.values.forEach((value, k) => {
        const v = rows[i][this.from + k];
        write.t(value, v == null ? "–" : this.write(v));
      });
    }
  }

  document.getElementById("plots").hidden = false;
  const plots = [
    new Plot("latency", "Bank latency", ["p50", "p95", "p99"], 2, logarithmic, millis),
    new Plot("flow", "Commands per second", ["in", "out"], 0, linear, rate),
  ];
  picker.addEventListener("change", soon);
  if (!document.hidden) open();
})();
