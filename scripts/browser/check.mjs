// Pages of an invented site in a real browser, against a Leadline that runs. Prints what was checked; fails on the first
// thing that is not so. Called by scripts/browser.sh with: the address of Leadline, its token, and the browser's program.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import puppeteer from "puppeteer-core";

const [leadline, token, program] = process.argv.slice(2);

const CUT = "<!-- cut -->";
const page = (script, body) =>
  `<!doctype html><title>Brightwater</title><script src="${leadline}/leadline.js" ${script}></script>${body}`;
const form = `<form action="${leadline}/v1/sources/website" method="post"><input name="email" type="email">
  <input name="first_name"><button>Send</button></form>`;
const pages = {
  "/": page("", "<h1>Home</h1>"),
  "/pricing": page("", '<a id="paper" data-leadline-event="whitepaper_downloaded" href="#paper">Paper</a>'),
  "/contact": page("", form),
  "/later": page("", `<div id="here"></div><script>setTimeout(() => { document.getElementById("here").innerHTML = \`${form}\`; }, 50);</script>`),
  "/asks": page('data-consent="required"', form),
  "/signals": page('data-signals="gpc dnt"', form),
  "/login": page("", `<form id="in"><input type="email" name="email">${CUT}<input type="password" name="p"></form>`),
  "/steps": page("", '<form id="in"><input type="email" name="email"></form>'),
};
const site = createServer((request, response) => {
  const path = new URL(request.url, "http://site").pathname;
  response.writeHead(pages[path] ? 200 : 404, { "content-type": "text/html; charset=utf-8" });
  // A page may come in pieces, which end anywhere: here within a form.
  const whole = pages[path] ?? "";
  const piece = whole.indexOf(CUT);
  if (piece >= 0) response.write(whole.slice(0, piece));
  setTimeout(() => response.end(whole.slice(Math.max(piece, 0)).replace(CUT, "")), piece < 0 ? 0 : 500);
});
await new Promise((ready) => site.listen(0, "127.0.0.1", ready));
const home = `http://127.0.0.1:${site.address().port}`;
const browser = await puppeteer.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu"] });
const checked = [];
const check = async (sentence, body) => {
  // Each has a browser of its own: nothing is remembered from the one before.
  const context = await browser.createBrowserContext();
  const tab = await context.newPage();
  const sent = [];
  tab.on("request", (request) => {
    if (request.url().endsWith("/v1/events")) sent.push(request.url());
  });
  await body(tab, sent);
  await context.close();
  checked.push(sentence);
  console.log(`ok: ${sentence}`);
};
const api = async (path) => {
  const answer = await fetch(leadline + path, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200, path);
  return answer.json();
};
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const leadOf = async (email) => {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const found = await api(`/v1/leads?email=${encodeURIComponent(email)}`);
    if (found.leads.length === 1 && found.leads[0].score) return found.leads[0];
    await pause(100);
  }
  throw new Error(`no lead of ${email}`);
};
const go = (tab, path) => tab.goto(home + path, { waitUntil: "networkidle0" });
const send = async (tab, email) => {
  await tab.type("[name=email]", email);
  await tab.type("[name=first_name]", "Greta");
  await Promise.all([tab.waitForNavigation(), tab.click("button")]);
};
const hidden = (tab) => tab.evaluate(() =>
  Object.fromEntries([...document.querySelectorAll("input[type=hidden]")].map((input) => [input.name, input.value])));

try {
  const script = await (await fetch(`${leadline}/leadline.js`)).text();
  const size = gzipSync(script).length;
  assert.ok(size < 3000, `leadline.js has ${size} bytes compressed`);
  console.log(`ok: leadline.js has ${size} bytes compressed`);
  await check("who reads the pricing page twice and then fills in a form has those points in the first score", async (tab) => {
    await go(tab, "/?utm_source=newsletter&utm_campaign=spring&gclid=abc");
    await go(tab, "/pricing");
    await go(tab, "/");
    await go(tab, "/pricing");
    await tab.click("#paper");
    await go(tab, "/contact");
    await send(tab, "greta.twice@brightwater.example");
    const lead = await leadOf("greta.twice@brightwater.example");
    // Two visits to pricing are 20, the paper is 10, and three other pages are 15.
    assert.equal(lead.score.engagement, 45);
    const { history } = await api(`/v1/leads/${lead.id}/history`);
    const scores = history.filter((entry) => entry.kind === "scored");
    assert.equal(scores[0].reasons.find((reason) => reason.subject === "pricing_page_visited").points, 20);
    assert.equal(lead.attribution.utm_source, "newsletter");
    assert.equal(lead.attribution.utm_campaign, "spring");
    assert.equal(lead.attribution.gclid, "abc");
  });
  await check("a form that is added later knows its visitor, too", async (tab) => {
    await go(tab, "/pricing");
    await go(tab, "/later");
    await tab.waitForSelector("[name=leadline_visitor]");
    await send(tab, "greta.later@brightwater.example");
    assert.equal((await leadOf("greta.later@brightwater.example")).score.engagement, 15);
  });
  await check("nothing is stored, sent or filled in before somebody agrees, and nothing is left when they withdraw", async (tab, sent) => {
    await go(tab, "/asks");
    await pause(600);
    assert.equal(sent.length, 0);
    assert.deepEqual(Object.keys(await hidden(tab)), ["leadline_ms"]);
    const stored = () => tab.evaluate(() => [localStorage.length, document.cookie]);
    assert.deepEqual(await stored(), [0, ""]);
    await tab.evaluate(() => window.leadline.consent(true));
    await pause(600);
    assert.ok(sent.length > 0);
    const id = (await hidden(tab)).leadline_visitor;
    assert.match(id, /^[0-9a-f]{32}$/);
    await go(tab, "/asks");
    assert.equal((await hidden(tab)).leadline_visitor, id, "it stays the same");
    await tab.evaluate(() => window.leadline.consent(false));
    assert.deepEqual(await stored(), [1, "leadline_consent=0"]);
    assert.deepEqual(Object.keys(await hidden(tab)), []);
  });
  await check("who asks not to be tracked is not, where the site says so", async (tab, sent) => {
    await tab.evaluateOnNewDocument(() => Object.defineProperty(navigator, "globalPrivacyControl", { value: true }));
    await go(tab, "/signals");
    await pause(600);
    assert.equal(sent.length, 0);
    assert.deepEqual(await tab.evaluate(() => [localStorage.length, document.cookie]), [0, ""]);
  });
  await check("a form that asks for a password is left alone", async (tab) => {
    await go(tab, "/login");
    assert.deepEqual(await hidden(tab), {});
    // Also if the password is asked for in a later step.
    await go(tab, "/steps");
    assert.ok("leadline_visitor" in (await hidden(tab)));
    await tab.evaluate(() => document.forms[0].insertAdjacentHTML("beforeend", '<input type="password" name="p">'));
    await pause(100);
    assert.deepEqual(await hidden(tab), {});
  });
  await check("what a script collects has the visitor, and a page can ask what to ask", async (tab) => {
    await go(tab, "/contact");
    const names = await tab.evaluate(() => [...new FormData(document.forms[0]).keys()]);
    assert.ok(names.includes("leadline_visitor"), names.join());
    const profile = await tab.evaluate(() => window.leadline.profile("website"));
    assert.deepEqual(profile, { skip: [], ask: ["company"] });
    await tab.evaluate(() => window.leadline.push(["track", "event_attended"]));
    await send(tab, "greta.asked@brightwater.example");
    assert.equal((await leadOf("greta.asked@brightwater.example")).score.engagement, 30);
  });
  console.log(`${checked.length} things hold in ${await browser.version()}`);
} finally {
  await browser.close();
  site.close();
}
