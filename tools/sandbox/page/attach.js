// What a person can send besides words: files picked, dropped or pasted, a voice note, a place, a contact, a story.
// Never decides what a network allows: the sandbox refuses what it does not have, and the refusal is shown.
"use strict";

const PLACES = [
  { latitude: 52.372877, longitude: 4.893611, name: "Dam", address: "Dam Square, Amsterdam" },
  { latitude: 41.403629, longitude: 2.174356, name: "Sagrada Família", address: "Carrer de Mallorca 401, Barcelona" },
  { latitude: -33.856784, longitude: 151.215297, name: "Opera House", address: "Bennelong Point, Sydney" },
];
const CARDS = [{ name: "Dora Example", phones: ["+1 555 123 0004"], emails: ["dora@example.org"] }];
const PER_NETWORK = {
  whatsapp: ["file", "voice", "location", "contact"],
  messenger: ["file", "voice", "share"],
  instagram: ["file", "voice", "share", "story"],
};
const WORDS = { file: "Photo or file", voice: "Voice note", location: "Location", contact: "Contact", share: "Share a post", story: "Reply to a story" };
const ICONS = { file: "picture", voice: "mic", location: "pin", contact: "person", share: "forward", story: "story" };

/** image, video, audio, animated, sticker or file, by what the browser says it is. */
function kindOf(mime) {
  if (mime === "image/gif") return "animated";
  const family = mime.split("/")[0];
  return ["image", "video", "audio"].includes(family) ? family : "file";
}

class Attachments {
  constructor(phone) {
    this.phone = phone;
    this.picker = make("input", { type: "file", multiple: true, hidden: true, "data-testid": `files-${phone.network}` });
    this.picker.addEventListener("change", () => { this.sendAll([...this.picker.files]); this.picker.value = ""; });
    this.button = phone.form.querySelector(".attach");
    this.button.addEventListener("click", () => this.toggle());
    this.menu = make("div", { class: "attachments", hidden: true, role: "menu" });
    for (const what of PER_NETWORK[phone.network])
      this.menu.append(make("button", { type: "button", role: "menuitem", "data-what": what, onclick: () => this.choose(what) }, icon(ICONS[what]), WORDS[what]));
    phone.form.prepend(this.menu);
    phone.form.append(this.picker);
    this.listen();
  }

  /** Pictures may be dropped on the phone, or pasted where one types. */
  listen() {
    const { root, input } = this.phone;
    const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    for (const name of ["dragenter", "dragover"])
      root.addEventListener(name, (event) => { if (carries(event)) { event.preventDefault(); root.classList.add("dropping"); } });
    root.addEventListener("dragleave", (event) => { if (!root.contains(event.relatedTarget)) root.classList.remove("dropping"); });
    root.addEventListener("drop", (event) => {
      root.classList.remove("dropping");
      if (!carries(event)) return;
      event.preventDefault();
      this.sendAll([...event.dataTransfer.files]);
    });
    input.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length) { event.preventDefault(); this.sendAll(files); }
    });
    document.addEventListener("click", (event) => { if (!this.menu.contains(event.target) && !this.button.contains(event.target)) this.toggle(false); });
  }

  toggle(isOpen = this.menu.hidden) {
    this.menu.hidden = !isOpen;
    this.button.setAttribute("aria-expanded", String(isOpen));
  }

  choose(what) {
    this.toggle(false);
    if (what === "file") this.picker.click();
    else if (what === "voice") this.voice();
    else if (what === "location") this.phone.say({ location: PLACES[Math.floor(Math.random() * PLACES.length)] });
    else if (what === "contact") this.phone.say({ contacts: CARDS });
    else if (what === "share") this.phone.say({ share: { kind: "post", url: "https://example.org/post/1", title: "Our latest post" } });
    else this.phone.say({ story_reply: { url: "https://example.org/story/1", text: this.phone.takeText() || "wow!" } });
  }

  /** A recorded sample: no microphone is asked for. */
  async voice() {
    const isWhatsApp = this.phone.network === "whatsapp";
    const answer = await fetch(isWhatsApp ? "/voice.ogg" : "/voice.m4a");
    const mime = isWhatsApp ? "audio/ogg; codecs=opus" : "audio/mp4";
    await this.sendOne(await answer.blob(), isWhatsApp ? "voice.ogg" : "voice.m4a", mime, isWhatsApp ? "voice" : "audio");
  }

  async sendAll(files) {
    for (const file of files) await this.sendOne(file, file.name, file.type || "application/octet-stream", kindOf(file.type || ""));
  }

  async sendOne(body, name, mime, kind) {
    const query = new URLSearchParams({ name, mime });
    try {
      const answer = await fetch(`/control/files?${query}`, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body });
      if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `files: ${answer.status}`);
      const { file } = await answer.json();
      const takesCaption = this.phone.network !== "instagram" && kind !== "voice" && kind !== "audio";
      const caption = takesCaption ? this.phone.takeText() : "";
      await this.phone.say({ media: [{ kind, file, name, mime, ...(caption ? { caption } : {}) }] });
    } catch (problem) {
      this.phone.complain(String(problem.message ?? problem));
    }
  }
}
