// Starts a whole system for a browser test by way of tests/kit (Python) and gives it back to Node.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import path from "node:path";

const here = path.dirname(fileURLToPath(import.meta.url));

/** Resolves to { url, cli, stop } once every process is ready and the three people share a room. */
export function startStack() {
  return new Promise((resolve, reject) => {
    const child = spawn("/usr/bin/python3", [path.join(here, "stack_for_browser.py")], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    lines.once("line", (line) => {
      if (!line.startsWith("http")) return reject(new Error(line));
      const cli = (...words) => new Promise((answer) => {
        lines.once("line", (said) => answer(JSON.parse(said)));
        child.stdin.write(`${JSON.stringify(words)}\n`);
      });
      resolve({ url: line, cli, stop: () => new Promise((done) => { child.once("exit", done); child.stdin.end(); }) });
    });
    child.once("exit", (code) => reject(new Error(`the system did not start (exit ${code})`)));
  });
}
