// Leadline: tells your Leadline what a visitor reads and does, under an id of your own site, and puts that id and the
// campaign into your forms. Stores and sends nothing where it may not. How to use it: docs/visitors.md of Leadline.
(function (w, d) {
  "use strict";
  var script = d.currentScript;
  if (!script || (w.leadline && w.leadline.track)) return;
  var early = Array.isArray(w.leadline) ? w.leadline : [];
  var option = script.dataset;
  var base = (option.endpoint || new URL(script.src, location.href).origin).replace(/\/$/, "");
  var ID = "leadline", CONSENT = "leadline_consent", FROM = "leadline_from";
  var PARAMETERS = ("utm_source utm_medium utm_campaign utm_term utm_content gclid gbraid wbraid fbclid msclkid ttclid " +
    "li_fat_id").split(" ");
  var PASSWORD = "[type=password]";
  var FILES = /\.(pdf|docx?|xlsx?|pptx?|csv|zip|epub|dmg|exe|msi|mp4|mp3)$/i;
  var waiting = [], timer, page, id, opened = new WeakMap();

  function read(key) {
    try { var kept = localStorage.getItem(key); if (kept) return kept; } catch (_) { /* storage is off */ }
    var found = d.cookie.match("(?:^|; )" + key + "=([^;]*)");
    return found && decodeURIComponent(found[1]);
  }
  function write(key, value) {
    var gone = value === null;
    try { gone ? localStorage.removeItem(key) : localStorage.setItem(key, value); } catch (_) { /* storage is off */ }
    d.cookie = key + "=" + (gone ? "" : encodeURIComponent(value)) + ";path=/;samesite=lax;max-age=" +
      (gone ? 0 : 31536000) + (option.domain ? ";domain=" + option.domain : "") +
      (location.protocol === "https:" ? ";secure" : "");
  }
  function allowed() {
    var signals = option.signals || "", said = read(CONSENT);
    if (/gpc/.test(signals) && navigator.globalPrivacyControl) return false;
    if (/dnt/.test(signals) && (navigator.doNotTrack || w.doNotTrack) == "1") return false;
    return said ? said === "1" : option.consent !== "required";
  }
  function random() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), function (byte) {
      return (byte + 256).toString(16).slice(1);
    }).join("");
  }
  function visitor() {
    if (!allowed()) return null;
    id = id || read(ID) || random();
    write(ID, id);
    return id;
  }

  function send() {
    clearTimeout(timer);
    timer = 0;
    if (!waiting.length) return;
    var now = performance.now();
    var body = JSON.stringify({ events: waiting.splice(0, 50).map(function (event) {
      event.age_ms = Math.round(now - event.age_ms);
      return event;
    }) });
    var url = base + "/v1/events";
    // Text, so that a browser asks nobody before it sends.
    if (!(navigator.sendBeacon && navigator.sendBeacon(url, body))) {
      fetch(url, { method: "POST", body: body, keepalive: true, mode: "no-cors" }).catch(function () {});
    }
    send();
  }
  function track(type, properties) {
    var who = visitor();
    if (!who) return;
    waiting.push({ id: random(), type: type, visitor: who, age_ms: performance.now(), properties: properties || {} });
    timer = timer || setTimeout(send, 300);
  }
  // The path alone: what follows it may be somebody's data.
  function view() {
    if (page === location.pathname) return;
    page = location.pathname;
    track("page_visited", { path: page });
  }

  function from() {
    var found = {}, query = new URLSearchParams(location.search), kept = read(FROM);
    if (kept) try { return JSON.parse(kept); } catch (_) { /* somebody else's */ }
    PARAMETERS.forEach(function (name) {
      if (query.get(name)) found[name] = query.get(name).slice(0, 500);
    });
    if (d.referrer && new URL(d.referrer).host !== location.host) found.referrer = d.referrer.slice(0, 500);
    if (Object.keys(found).length) write(FROM, JSON.stringify(found));
    return found;
  }
  function values(form) {
    var all = { leadline_ms: Math.round(performance.now() - opened.get(form)) }, who = visitor();
    if (!who) return all;
    Object.assign(all, from());
    all.page_url = location.href.split("#")[0];
    all.leadline_visitor = who;
    return all;
  }
  function isLeadForm(form) {
    return form.dataset.leadline !== "off" && !form.querySelector(PASSWORD) &&
      ("leadline" in form.dataset || form.querySelector("[type=email],[type=tel],[name*=mail i],[name*=phone i]"));
  }
  function fill(form) {
    if (!isLeadForm(form)) return;
    if (!opened.has(form)) opened.set(form, performance.now());
    var all = values(form);
    Object.keys(all).forEach(function (name) {
      var input = form.querySelector('[name="' + name + '"]');
      if (!input) {
        input = form.appendChild(d.createElement("input"));
        input.type = "hidden";
        input.name = name;
        input.dataset.leadline = "";
      }
      if (!input.value || "leadline" in input.dataset) input.value = all[name];
    });
  }
  function empty(within) {
    within.querySelectorAll("input[data-leadline]").forEach(function (input) { input.remove(); });
  }
  function fillNew() {
    // While the page arrives, a form may not be whole yet.
    if (d.readyState === "loading") return;
    Array.prototype.forEach.call(d.forms, function (form) {
      if (!opened.has(form)) fill(form);
      else if (form.querySelector(PASSWORD)) empty(form);
    });
  }
  function click(event) {
    var target = event.target.closest && event.target.closest("[data-leadline-event],a[href]");
    if (!target) return;
    if (target.dataset.leadlineEvent) return track(target.dataset.leadlineEvent, { path: location.pathname });
    if (!/^https?:$/.test(target.protocol)) return;
    if (target.hasAttribute("download") || FILES.test(target.pathname)) {
      track("file_downloaded", { path: target.pathname });
    } else if (target.host !== location.host) {
      track("outbound_clicked", { host: target.host });
    }
  }

  var api = w.leadline = {
    track: track,
    visitor: visitor,
    push: function (call) { api[call[0]].apply(api, call.slice(1)); },
    consent: function (given) {
      write(CONSENT, given ? "1" : "0");
      if (!given) {
        waiting = [];
        id = page = undefined;
        write(ID, null);
        write(FROM, null);
        empty(d);
        return;
      }
      start();
      Array.prototype.forEach.call(d.forms, fill);
    },
    profile: function (source) {
      return fetch(base + "/v1/sources/" + encodeURIComponent(source) + "/profile?visitor=" + (visitor() || ""))
        .then(function (answer) { return answer.json(); });
    }
  };
  function start() {
    if (!allowed()) return;
    from();
    if (option.pages !== "off") view();
  }

  d.addEventListener("click", click, true);
  d.addEventListener("visibilitychange", function () { if (d.visibilityState === "hidden") send(); });
  w.addEventListener("pagehide", send);
  if (option.pages !== "off") {
    var push = history.pushState;
    history.pushState = function () { push.apply(this, arguments); view(); };
    w.addEventListener("popstate", view);
  }
  if (option.forms !== "off") {
    d.addEventListener("submit", function (event) { fill(event.target); send(); }, true);
    // Also where a script collects the fields, and for forms that are sent without the event above.
    d.addEventListener("formdata", function (event) {
      if (!isLeadForm(event.target)) return;
      fill(event.target);
      var all = values(event.target);
      Object.keys(all).forEach(function (name) {
        if (name === "leadline_ms" || !event.formData.get(name)) event.formData.set(name, all[name]);
      });
    }, true);
    new MutationObserver(fillNew).observe(d, { childList: true, subtree: true });
    d.addEventListener("DOMContentLoaded", fillNew);
    fillNew();
  }
  start();
  early.forEach(api.push);
})(window, document);
