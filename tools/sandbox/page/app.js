// The page of three phones: shows what the sandbox knows, live, and lets people type, reply, react, edit and take back.
// How a bubble looks by its kind is in shapes.js, what else can be sent in attach.js. Never asks anybody but the sandbox, never puts a message's text anywhere but into text nodes.
"use strict";

const NETWORKS = ["whatsapp", "messenger", "instagram"];
const LABEL = { whatsapp: "WhatsApp", messenger: "Messenger", instagram: "Instagram" };
const EMOJI = ["\u{1f44d}", "\u2764\ufe0f", "\u{1f602}", "\u{1f62e}", "\u{1f622}", "\u{1f64f}"];
const SHOWN = 300; // bubbles kept on a screen
const ATTRIBUTION = /^(.{1,60}? \((?:WhatsApp|Messenger|Instagram)\)): ?/;

const $ = (selector, root = document) => root.querySelector(selector);

/** An element with classes, attributes and children; texts become text nodes. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

async function control(path, body) {
  const answer = await fetch(`/control/${path}`, body && {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `${path}: ${answer.status}`);
  return answer.json();
}

const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });

/** "Ana (WhatsApp): hello" in its two parts; whoever sent it under no name is the business. */
function attributed(text) {
  const match = ATTRIBUTION.exec(text);
  return match ? { name: match[1], text: text.slice(match[0].length) } : { name: null, text };
}

/* ---- One phone ------------------------------------------------------------------------------------------------ */

class Phone {
  constructor(network) {
    this.network = network;
    this.root = $(`[data-testid="phone-${network}"]`);
    this.slot = this.root.closest(".slot");
    this.chat = $(".chat", this.root);
    this.form = $(".composer", this.root);
    this.input = $("textarea", this.form);
    this.caption = $("figcaption", this.slot);
    this.presence = $("[data-presence]", this.root);
    this.restingPresence = this.presence.textContent;
    this.people = new Map(); // user id → person with bubbles by id
    this.current = null;
    this.quoting = null;
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.send(); }
      if (event.key === "Escape") { this.quote(null); this.stopEditing(); }
    });
    this.input.addEventListener("input", () => this.grow());
    this.chat.addEventListener("click", (event) => this.tap(event));
    this.editing = null;
    this.attachments = new Attachments(this);
  }

  person() { return this.people.get(this.current); }

  /** Everything anew, from GET /control/phones. */
  fill(people) {
    this.people = new Map(people.map((p) => [p.person, { ...p, bubbles: new Map(p.bubbles.map((b) => [b.id, b])) }]));
    if (!this.people.has(this.current)) this.current = people.length ? people[0].person : null;
    this.draw();
  }

  draw() {
    this.drawCaption();
    this.chat.replaceChildren();
    this.quote(null);
    const person = this.person();
    if (!person) return;
    const bubbles = [...person.bubbles.values()].slice(-SHOWN);
    this.chat.append(this.opening());
    for (const bubble of bubbles) this.chat.append(this.bubble(bubble));
    this.regroup();
    this.typing(person.typing);
    this.toEnd(true);
  }

  opening() {
    const text = this.network === "whatsapp"
      ? "Messages to this business travel sealed through Trefoil."
      : this.network === "messenger" ? "You’re connected with Trefoil on Messenger" : "trefoil · Instagram business chat";
    return make("li", { class: "opening" }, make("span", { class: "badge" }, icon("trefoil")), make("p", {}, text),
      make("time", {}, "Today"));
  }

  drawCaption() {
    const person = this.person();
    this.caption.replaceChildren();
    if (!person) return;
    this.root.setAttribute("aria-label", `${person.name}’s phone with ${LABEL[this.network]}`);
    const name = this.people.size < 2 ? make("strong", {}, person.name) : this.chooser();
    this.caption.append(make("i", { class: "dot" }), name, make("span", {}, LABEL[this.network]),
      make("code", {}, this.network === "whatsapp" ? `+${person.person}` : person.person));
  }

  /** With many people on a network, whose phone is shown. */
  chooser() {
    const select = make("select", { "aria-label": `Whose phone on ${LABEL[this.network]}` });
    for (const p of this.people.values())
      select.append(make("option", { value: p.person, selected: p.person === this.current }, p.name));
    select.addEventListener("change", () => { this.current = select.value; this.draw(); });
    return select;
  }

  /* -- bubbles -- */

  upsert(userId, bubble) {
    const person = this.people.get(userId);
    if (!person) return false;
    const isNew = !person.bubbles.has(bubble.id);
    person.bubbles.set(bubble.id, bubble);
    if (userId !== this.current) return isNew;
    const old = this.find(bubble.id);
    const wasAtEnd = this.isAtEnd();
    const element = this.bubble(bubble);
    if (old) {
      element.classList.remove("fresh");
      if (old.classList.contains("open")) element.classList.add("open");
      old.replaceWith(element);
    } else {
      this.chat.insertBefore(element, $(".typing", this.chat));
      while (this.chat.querySelectorAll(".row").length > SHOWN) $(".row", this.chat).remove();
    }
    this.regroup();
    if (isNew || wasAtEnd) this.toEnd(false);
    return isNew;
  }

  find(id) { return this.chat.querySelector(`[data-id="${CSS.escape(id)}"]`); }

  bubble(bubble) {
    const words = bubble.caption ?? bubble.text ?? "";
    const said = bubble.direction === "in" ? attributed(words) : { name: null, text: words };
    const shape = shapeOf(this, bubble);
    const row = make("li", { class: `row ${bubble.direction} fresh`, "data-testid": "bubble", "data-id": bubble.id,
      "data-direction": bubble.direction, "data-name": said.name ?? "", "data-kind": bubble.kind ?? "text" });
    const balloon = make("div", { class: `balloon is-${bubble.unsent ? "gone" : bubble.kind ?? "text"}` });
    if (said.name) balloon.append(make("span", { class: `name ${said.name.split("(")[1].slice(0, -1).toLowerCase()}` }, said.name));
    if (bubble.reply_to) balloon.append(this.quotation(bubble.reply_to));
    balloon.append(...shape.parts);
    const text = make("span", { class: "text", dir: "auto" });
    if (bubble.unsent) text.append(make("em", {}, "This message was taken back"));
    else text.append(said.text);
    if (shape.text) balloon.append(text);
    balloon.append(this.meta(bubble));
    if (bubble.reactions.length) balloon.append(this.reactions(bubble));
    const isLarge = shape.text && !shape.parts.length && !bubble.reply_to && /^(\p{Extended_Pictographic}\ufe0f?){1,3}$/u.test(said.text);
    if (isLarge) balloon.classList.add("large");
    if (isBare(bubble) && !said.name && !shape.text) balloon.classList.add("bare");
    if (!bubble.unsent) balloon.append(this.actions(bubble));
    row.append(make("span", { class: "face", "aria-hidden": "true" }, (said.name ?? "T").slice(0, 1)), balloon);
    if (bubble.direction === "out" && this.network !== "whatsapp") row.append(this.ticks(bubble));
    return row;
  }

  /** Time, and on WhatsApp the ticks, inside the balloon. */
  meta(bubble) {
    const meta = make("span", { class: "meta" }, make("time", {}, (bubble.edited ? "edited " : "") + clock(bubble.at_ms)));
    if (bubble.direction === "out" && this.network === "whatsapp") meta.append(this.ticks(bubble));
    return meta;
  }

  ticks(bubble) {
    const words = { sent: "Sent", delivered: "Delivered", read: this.network === "instagram" ? "Seen" : "Read" };
    const element = make("span", { class: "ticks", "data-ticks": bubble.ticks, role: "img", "aria-label": words[bubble.ticks] });
    if (this.network === "instagram") element.append(words[bubble.ticks]);
    else if (this.network === "messenger") element.append(make("i", {}));
    else element.append(tickMarks(bubble.ticks !== "sent"));
    return element;
  }

  quotation(id) {
    const quoted = this.person()?.bubbles.get(id);
    const said = quoted ? attributed(quoted.caption || quoted.text || quoted.kind) : { name: null, text: "an earlier message" };
    const name = quoted?.direction === "out" ? "You" : said.name ?? "Trefoil";
    return make("span", { class: "quote", onclick: () => this.flash(id) }, make("b", {}, name),
      make("span", { dir: "auto" }, quoted?.unsent ? "taken back" : said.text));
  }

  reactions(bubble) {
    const all = bubble.reactions.map((r) => r.emoji);
    return make("span", { class: "reactions", role: "img", "aria-label": `Reactions: ${all.join(" ")}` },
      ...new Set(all), all.length > 1 ? make("small", {}, String(all.length)) : null);
  }

  actions(bubble) {
    const mine = bubble.reactions.find((r) => r.by === "person")?.emoji ?? null;
    const palette = make("span", { class: "palette", role: "group", "aria-label": "Reactions to choose from" });
    for (const emoji of EMOJI)
      palette.append(make("button", { type: "button", class: emoji === mine ? "mine" : undefined,
        "aria-label": emoji === mine ? `Take back ${emoji}` : `Choose ${emoji}`,
        onclick: () => this.react(bubble, emoji === mine ? "" : emoji) }, emoji));
    const react = make("button", { type: "button", class: "act", "aria-label": "React", "aria-expanded": "false" }, icon("smile"));
    react.addEventListener("click", () => {
      const isOpen = react.closest(".row").classList.toggle("choosing");
      react.setAttribute("aria-expanded", String(isOpen));
    });
    const reply = make("button", { type: "button", class: "act", "aria-label": "Reply", onclick: () => this.quote(bubble) }, icon("reply"));
    return make("span", { class: "actions" }, palette, react, reply, ...this.regrets(bubble));
  }

  /** Some networks let people change their minds. */
  regrets(bubble) {
    if (bubble.direction !== "out") return [];
    const edit = make("button", { type: "button", class: "act", "aria-label": "Edit", onclick: () => this.edit(bubble) }, icon("edit"));
    const unsend = make("button", { type: "button", class: "act", "aria-label": "Unsend", onclick: () => this.unsend(bubble) }, icon("bin"));
    return [(bubble.kind ?? "text") === "text" ? edit : null, this.network === "messenger" ? null : unsend];
  }

  edit(bubble) {
    this.quote(null);
    this.editing = bubble;
    this.input.value = bubble.text;
    this.grow();
    this.form.classList.add("editing");
    this.input.focus();
  }

  unsend(bubble) {
    this.act("unsend", { message: bubble.id });
  }

  /** Presses a button, a row of a list or a quick reply. */
  choose(bubble, option) {
    this.act("choose", { message: bubble.id, option: option.id });
  }

  async act(path, body) {
    try {
      await control(path, { network: this.network, person: this.current, ...body });
      return true;
    } catch (problem) {
      this.complain(problem.message);
      return false;
    }
  }

  /** What this person says, whatever it is. */
  say(body) {
    const quoted = this.quoting;
    this.quote(null);
    return this.act("say", quoted ? { ...body, reply_to: quoted.id } : body);
  }

  /** What is typed so far, to go with a file. */
  takeText() {
    const text = this.input.value.trim();
    this.input.value = "";
    this.grow();
    return text;
  }

  complain(words) {
    const note = make("p", { class: "complaint", role: "alert" }, words);
    this.form.append(note);
    setTimeout(() => note.remove(), 6000);
  }

  /** Balloons of one speaker stand together; only the last one of ours shows what became of it. */
  regroup() {
    const rows = [...this.chat.querySelectorAll(".row")];
    let lastOut = null;
    rows.forEach((row, i) => {
      const same = (other) => other && other.dataset.direction === row.dataset.direction && other.dataset.name === row.dataset.name;
      row.classList.toggle("first", !same(rows[i - 1]));
      row.classList.toggle("last", !same(rows[i + 1]));
      row.classList.remove("newest-out");
      if (row.dataset.direction === "out") lastOut = row;
    });
    lastOut?.classList.add("newest-out");
  }

  tap(event) {
    const row = event.target.closest(".row");
    if (event.target.closest("button")) return;
    for (const other of this.chat.querySelectorAll(".row.open, .row.choosing"))
      if (other !== row) other.classList.remove("open", "choosing");
    row?.classList.toggle("open");
  }

  flash(id) {
    const row = this.find(id);
    row?.scrollIntoView({ block: "center", behavior: "smooth" });
    row?.classList.remove("flash");
    requestAnimationFrame(() => row?.classList.add("flash"));
  }

  isAtEnd() { return this.chat.scrollHeight - this.chat.scrollTop - this.chat.clientHeight < 80; }

  toEnd(atOnce) { this.chat.scrollTo({ top: this.chat.scrollHeight, behavior: atOnce ? "instant" : "smooth" }); }

  typing(isTyping) {
    const person = this.person();
    if (person) person.typing = isTyping;
    this.presence.textContent = isTyping ? "typing…" : this.restingPresence;
    this.presence.classList.toggle("busy", isTyping);
    $(".typing", this.chat)?.remove();
    if (!isTyping) return;
    this.chat.append(make("li", { class: "typing in first last", "aria-label": "Trefoil is typing" },
      make("span", { class: "face", "aria-hidden": "true" }, "T"),
      make("span", { class: "balloon" }, make("i"), make("i"), make("i"))));
    this.toEnd(false);
  }

  /* -- the composer -- */

  grow() {
    this.form.classList.toggle("writing", this.input.value.trim() !== "");
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 110)}px`;
  }

  quote(bubble) {
    const box = $(".quoting", this.form);
    const wasAtEnd = this.isAtEnd();
    this.quoting = bubble;
    box.hidden = !bubble;
    box.replaceChildren();
    for (const row of this.chat.querySelectorAll(".row.open, .row.choosing")) row.classList.remove("open", "choosing");
    if (!bubble) return;
    const said = bubble.direction === "in" ? attributed(bubble.text) : { name: null, text: bubble.text };
    box.append(make("span", { class: "quote" },
      make("b", {}, bubble.direction === "out" ? "You" : said.name ?? "Trefoil"), make("span", { dir: "auto" }, said.text)),
      make("button", { type: "button", "aria-label": "Do not quote", onclick: () => this.quote(null) }, icon("close")));
    if (wasAtEnd) this.toEnd(true);
    this.input.focus();
  }

  stopEditing() {
    if (!this.editing) return;
    this.editing = null;
    this.form.classList.remove("editing");
    this.takeText();
  }

  async send() {
    const text = this.input.value.trim(), edited = this.editing;
    if (!text || !this.current) return;
    this.takeText();
    this.stopEditing();
    const isDone = edited ? await this.act("edit", { message: edited.id, text }) : await this.say({ text });
    if (!isDone) {
      this.input.value = text;
      this.grow();
    }
  }

  react(bubble, emoji) {
    for (const row of this.chat.querySelectorAll(".row.choosing, .row.open")) row.classList.remove("choosing", "open");
    control("react", { network: this.network, person: this.current, message: bubble.id, emoji }).catch(() => {});
  }
}

/** One or two check marks, drawn. */
function tickMarks(isDouble) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 18 11");
  path.setAttribute("d", isDouble ? "M1 6.2 4.6 9.8 11.4 1.4 M7.6 8.6 8.8 9.8 15.8 1.4" : "M4 6.2 7.6 9.8 14.4 1.4");
  svg.append(path);
  return svg;
}

/* ---- The strip on top: where the latest message is ------------------------------------------------------------- */

class Way {
  constructor() {
    this.stops = Object.fromEntries([...document.querySelectorAll(".stop")].map((s) => [s.dataset.stop, s]));
    this.typed = []; // what people typed lately, to find it again on other phones
  }

  light(name, network, value) {
    const stop = this.stops[name];
    stop.dataset.network = network;
    if (value !== undefined) $("[data-value]", stop).textContent = value;
    stop.classList.remove("lit");
    void stop.offsetWidth; // starts the animation again
    stop.classList.add("lit");
  }

  onTyped(network, bubble) {
    this.typed.push({ text: bubble.caption || bubble.text || bubble.kind, atMs: bubble.at_ms });
    if (this.typed.length > 20) this.typed.shift();
    this.light("phone", network, LABEL[network]);
  }

  onShown(network, bubble) {
    const origin = this.typed.findLast((t) => (bubble.caption || bubble.text || bubble.kind).endsWith(t.text));
    this.light("gateway", network);
    this.light("seen", network, origin ? `${Math.max(0, bubble.at_ms - origin.atMs)} ms` : LABEL[network]);
  }

  onHop(hop) {
    const took = hop.status === 0 ? "no answer" : hop.status === 200 ? `${hop.ms} ms` : `${hop.status}`;
    const stop = this.stops[hop.hop];
    stop.classList.toggle("bad", hop.status !== 200);
    this.light(hop.hop, hop.network, hop.hop === "graph" && hop.status === 200 ? hop.kind : took);
  }
}

/* ---- All together ---------------------------------------------------------------------------------------------- */

const phones = Object.fromEntries(NETWORKS.map((network) => [network, new Phone(network)]));
const way = new Way();

async function load() {
  const all = (await control("phones")).phones;
  for (const network of NETWORKS) phones[network].fill(all.filter((p) => p.network === network));
}

function live(state, words) {
  const element = $(".live");
  element.dataset.state = state;
  $("span", element).textContent = words;
}

function listen() {
  const events = new EventSource("/events");
  const on = (name, act) => events.addEventListener(name, (event) => act(JSON.parse(event.data)));
  events.addEventListener("open", () => { live("on", "live"); load().catch(() => live("off", "no answer")); });
  events.addEventListener("error", () => live("off", "reconnecting"));
  on("bubble", ({ network, person, bubble }) => {
    if (!phones[network].upsert(person, bubble)) return;
    if (bubble.direction === "out") way.onTyped(network, bubble);
    else way.onShown(network, bubble);
  });
  on("typing", ({ network, person, typing }) => {
    const phone = phones[network];
    const known = phone.people.get(person);
    if (known) known.typing = typing;
    if (person === phone.current) phone.typing(typing);
  });
  on("person", (person) => {
    const phone = phones[person.network];
    const known = phone.people.get(person.person);
    phone.people.set(person.person, { ...person, bubbles: known?.bubbles ?? new Map() });
    if (!phone.current) { phone.current = person.person; phone.draw(); } else phone.drawCaption();
  });
  on("reset", () => load());
  on("hop", (hop) => way.onHop(hop));
}

function tell() {
  for (const element of document.querySelectorAll(".status .clock")) element.textContent = clock(Date.now());
}

tell();
setInterval(tell, 10000);
listen();
