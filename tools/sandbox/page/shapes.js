// What a bubble looks like by its kind: pictures, players, cards, buttons. Draws what it is given into elements; never
// asks the sandbox for anything but the files themselves, and never puts a stranger's words anywhere but into text nodes.
"use strict";

const SIZES = ["B", "kB", "MB", "GB"];

/** "3.5 MB" */
function humanSize(bytes) {
  let n = Number(bytes) || 0, unit = 0;
  for (; n >= 1000 && unit < SIZES.length - 1; unit++) n /= 1000;
  return `${n >= 10 || unit === 0 ? Math.round(n) : n.toFixed(1)} ${SIZES[unit]}`;
}

/** A small number that looks random and is the same for the same text. */
function spread(text, modulus) {
  let hash = 2166136261;
  for (const letter of text) hash = Math.imul(hash ^ letter.codePointAt(0), 16777619);
  return (hash >>> 0) % modulus;
}

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/* ---- files ---- */

function picture(media, kind) {
  const image = make("img", { src: media.url, alt: media.name || kind, loading: "lazy", class: `picture ${kind}`, "data-testid": "picture" });
  image.addEventListener("error", () => image.replaceWith(fileCard(media)));
  return kind === "sticker" ? image : make("button", { type: "button", class: "frame", "aria-label": "Look at the picture", onclick: () => enlarge(media) }, image);
}

function enlarge(media) {
  const dialog = make("dialog", { class: "large-picture" }, make("img", { src: media.url, alt: media.name || "picture" }));
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function film(media) {
  return make("video", { src: media.url, controls: true, preload: "metadata", class: "film", "data-testid": "film" });
}

/** A voice note: a button, a wave that fills, and the time. */
function player(media, isVoice) {
  const audio = make("audio", { src: media.url, preload: "metadata", "data-testid": "sound" });
  const button = make("button", { type: "button", class: "play", "aria-label": isVoice ? "Play the voice note" : "Play" }, icon("play"));
  const wave = make("span", { class: "wave", "aria-hidden": "true" });
  const time = make("time", {}, "0:00");
  for (let i = 0; i < 28; i++) {
    const bar = make("i");
    bar.style.setProperty("--h", `${22 + spread(`${media.url}${i}`, 78)}%`);
    wave.append(bar);
  }
  const minutes = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
  audio.addEventListener("loadedmetadata", () => { if (Number.isFinite(audio.duration)) time.textContent = minutes(Math.max(1, audio.duration)); });
  audio.addEventListener("timeupdate", () => {
    const done = audio.currentTime / (audio.duration || 1);
    [...wave.children].forEach((bar, i) => bar.classList.toggle("done", i / 28 < done));
    time.textContent = minutes(audio.currentTime);
  });
  const show = () => button.replaceChildren(icon(audio.paused ? "play" : "pause"));
  for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, show);
  button.addEventListener("click", () => (audio.paused ? audio.play().catch(() => {}) : audio.pause()));
  return make("span", { class: isVoice ? "player voice" : "player" }, button, wave, time, isVoice ? icon("mic") : null, audio);
}

function fileCard(media) {
  const name = media.name || "file";
  const end = (/\.([a-z0-9]{1,5})$/i.exec(name)?.[1] ?? "file").toUpperCase();
  return make("a", { class: "file", href: media.url, download: name, "data-testid": "file" }, make("span", { class: "sheet" }, end),
    make("span", { class: "about" }, make("b", { dir: "auto" }, name), make("small", {}, humanSize(media.size))));
}

function mediaOf(bubble) {
  const box = make("span", { class: `media n${Math.min(bubble.media.length, 4)}` });
  for (const media of bubble.media) {
    const kind = media.kind || bubble.kind;
    if (kind === "image" || kind === "animated" || kind === "sticker") box.append(picture(media, kind));
    else if (kind === "video") box.append(film(media));
    else if (kind === "audio" || kind === "voice") box.append(player(media, kind === "voice"));
    else box.append(fileCard(media));
  }
  return box;
}

/* ---- cards ---- */

/** No map is fetched from anybody: streets, a park and water are drawn from the coordinates, the same for the same place. */
function map(location) {
  const seed = `${location.latitude.toFixed(4)} ${location.longitude.toFixed(4)}`;
  const at = (name, modulus) => spread(seed + name, modulus);
  const drawn = svg("svg", { viewBox: "0 0 240 130", class: "map", role: "img", "aria-label": "Map" }, svg("rect", { width: 240, height: 130, fill: "#e8e4da" }));
  drawn.append(svg("path", { d: `M0 ${20 + at("w", 60)} C80 ${at("x", 130)} 150 ${at("y", 130)} 240 ${40 + at("z", 70)} L240 ${75 + at("z", 70)} C150 ${40 + at("y", 130)} 80 ${40 + at("x", 130)} 0 ${55 + at("w", 60)}Z`, fill: "#a9d3ea" }));
  drawn.append(svg("rect", { x: at("p", 170), y: at("q", 80), width: 46 + at("r", 30), height: 32 + at("s", 20), rx: 8, fill: "#c4dfb0" }));
  for (let i = 0; i < 5; i++) {
    drawn.append(svg("path", { d: `M${-10 + at(`a${i}`, 90) + i * 38} 0 L${-20 + at(`b${i}`, 90) + i * 42} 130`, stroke: "#fff", "stroke-width": i === 2 ? 7 : 4 }));
    drawn.append(svg("path", { d: `M0 ${12 + i * 26 + at(`c${i}`, 10)} L240 ${6 + i * 26 + at(`d${i}`, 22)}`, stroke: "#fff", "stroke-width": i === 3 ? 7 : 4 }));
  }
  drawn.append(svg("ellipse", { cx: 120, cy: 80, rx: 9, ry: 3.5, fill: "rgba(0,0,0,.25)" }),
    svg("path", { d: "M120 79c-9-13-16-19-16-28a16 16 0 1 1 32 0c0 9-7 15-16 28z", fill: "#e0342c", stroke: "#fff", "stroke-width": 2 }),
    svg("circle", { cx: 120, cy: 51, r: 5.5, fill: "#fff" }));
  return drawn;
}

function locationOf(location) {
  const place = `${location.latitude.toFixed(5)}, ${location.longitude.toFixed(5)}`;
  return make("span", { class: "card location", "data-testid": "location" }, map(location), make("span", { class: "about" },
    make("b", { dir: "auto" }, location.name || "Location"), make("small", { dir: "auto" }, location.address || place)));
}

function contactsOf(contacts) {
  const box = make("span", { class: "card contacts", "data-testid": "contacts" });
  for (const contact of contacts)
    box.append(make("span", { class: "contact" }, make("span", { class: "head", "aria-hidden": "true" }, (contact.name || "?").slice(0, 1)),
      make("span", { class: "about" }, make("b", { dir: "auto" }, contact.name || "?"),
        ...[...(contact.phones ?? []), ...(contact.emails ?? [])].map((line) => make("small", {}, line)))));
  return box;
}

function orderOf(order) {
  const box = make("span", { class: "card order", "data-testid": "order" }, make("b", {}, icon("cart"), "Order"));
  for (const item of order.items ?? [])
    box.append(make("span", { class: "item" }, make("span", {}, `${item.quantity ?? 1} × ${item.name || item.id}`),
      make("span", {}, [item.price, item.currency].filter((part) => part !== undefined && part !== "").join(" "))));
  return box;
}

/** Its text lies with the network, which the sandbox is not: its name, and what was filled in. */
function templateOf(template) {
  const box = make("span", { class: "card template", "data-testid": "template" }, make("b", {}, template.name || "template", make("small", {}, template.language || "")));
  for (const component of Array.isArray(template.components) ? template.components : [])
    for (const parameter of Array.isArray(component.parameters) ? component.parameters : [])
      if (parameter.text) box.append(make("span", { class: "filled", dir: "auto" }, String(parameter.text)));
  return box;
}

/* ---- what can be chosen ---- */

/** A list opens over the screen, as on a phone. */
function openList(phone, bubble) {
  const sheet = make("div", { class: "sheet-of-options", role: "dialog", "aria-label": bubble.choices.label || "Options", "data-testid": "options" });
  const close = () => sheet.remove();
  sheet.append(make("header", {}, make("button", { type: "button", class: "act", "aria-label": "Close", onclick: close }, icon("close")),
    make("b", {}, bubble.choices.label || "Options")));
  let section = null;
  for (const option of bubble.choices.options) {
    if (option.section && option.section !== section) sheet.append(make("h4", {}, option.section));
    section = option.section;
    sheet.append(make("button", { type: "button", class: "option", onclick: () => { close(); phone.choose(bubble, option); } },
      make("b", { dir: "auto" }, option.title), option.description ? make("small", { dir: "auto" }, option.description) : null));
  }
  sheet.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  phone.root.querySelector(".screen").append(sheet);
  sheet.querySelector(".option")?.focus();
}

function choicesOf(phone, bubble) {
  const { choices } = bubble;
  const box = make("span", { class: `offer ${choices.shape}`, "data-testid": "choices" });
  const words = make("span", { class: "words" });
  if (choices.header) words.append(make("b", { dir: "auto" }, choices.header));
  if (choices.body) words.append(make("span", { class: "text", dir: "auto" }, choices.body));
  if (choices.footer) words.append(make("small", { dir: "auto" }, choices.footer));
  box.append(words);
  const buttons = make("span", { class: "buttons" });
  if (choices.shape === "list") {
    buttons.append(make("button", { type: "button", onclick: () => openList(phone, bubble) }, icon("list"), choices.label || "Options"));
  } else {
    for (const option of choices.options) {
      if (option.url) buttons.append(make("a", { href: /^https?:/.test(option.url) ? option.url : "#", target: "_blank", rel: "noreferrer noopener" }, icon("open"), option.title));
      else buttons.append(make("button", { type: "button", "data-testid": "option", onclick: () => phone.choose(bubble, option) }, option.title));
    }
  }
  box.append(buttons);
  return box;
}

/* ---- the whole ---- */

/** Small lines above the content: passed on, from a story. */
function labelsOf(bubble) {
  const labels = [];
  if (bubble.forwarded) labels.push(make("small", { class: "label" }, icon("forward"), "Forwarded"));
  if (bubble.story) labels.push(make("small", { class: "label" }, icon("story"), bubble.direction === "out" ? "Your reply to a story" : "Story"));
  if (bubble.kind === "choice") labels.push(make("small", { class: "label" }, icon("tap"), "Chosen"));
  if (bubble.kind === "template") labels.push(make("small", { class: "label" }, icon("template"), "Template"));
  return labels;
}

/** Pictures and films alone need no balloon around them. */
function isBare(bubble) {
  return ["image", "video", "animated"].includes(bubble.kind) && bubble.media?.length > 0 && !bubble.unsent && !bubble.reply_to &&
    !bubble.forwarded && !bubble.story;
}

/** The elements of a bubble that are not its plain text; `text` tells whether words are still to be written below. */
function shapeOf(phone, bubble) {
  if (bubble.unsent) return { parts: [], text: true };
  const labels = labelsOf(bubble);
  if (bubble.template) labels.push(templateOf(bubble.template));
  if (bubble.choices) return { parts: [...labels, choicesOf(phone, bubble)], text: false };
  if (bubble.template) return { parts: labels, text: false };
  if (bubble.media?.length) return { parts: [...labels, mediaOf(bubble)], text: Boolean(bubble.caption) };
  if (bubble.location) return { parts: [...labels, locationOf(bubble.location)], text: false };
  if (bubble.contacts) return { parts: [...labels, contactsOf(bubble.contacts)], text: false };
  if (bubble.order) return { parts: [...labels, orderOf(bubble.order)], text: Boolean(bubble.order.text) };
  return { parts: labels, text: true };
}
