// An S3-compatible server with one bucket, on any free port: says "ready PORT" and stays until it is killed. s3rver does
// the storing; it takes any signature of version 4 on trust, so each is verified here first, by the signer of Amazon's
// own SDK, and so is the hash of what was put.
//   node --openssl-legacy-provider server.mjs FOLDER        (s3rver's listings are encrypted the old way)
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";

import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";

const S3rver = createRequire(import.meta.url)("s3rver");
const secret = "S3RVER";
const store = new S3rver({ silent: true, directory: process.argv[2], configureBuckets: [{ name: "files" }] });
await store.configureBuckets();
const serve = store.callback();

function when(text) {
  return new Date(text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

async function isSigned(request) {
  const found = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d+\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)$/
    .exec(request.headers.authorization ?? "");
  const date = request.headers["x-amz-date"], hash = request.headers["x-amz-content-sha256"];
  if (!found || !date || !hash) return false;
  const [, accessKeyId, region, names] = found;
  const headers = Object.fromEntries(names.split(";").map((name) => [name, request.headers[name] ?? ""]));
  if (!headers.host || !headers["x-amz-content-sha256"] || Math.abs(when(date) - Date.now()) > 900_000) return false;
  const url = new URL(request.url, "http://x");
  const signer = new SignatureV4({
    service: "s3", region, credentials: { accessKeyId, secretAccessKey: secret }, sha256: Sha256, uriEscapePath: false,
  });
  const signed = await signer.sign(
    { method: request.method, protocol: "http:", hostname: "x", path: url.pathname,
      query: Object.fromEntries(url.searchParams), headers },
    { signingDate: when(date) });
  return signed.headers.authorization.endsWith(`Signature=${found[4]}`);
}

// Looks at the bytes as they go by, and turns the answer into a refusal when they are not what was signed.
function watchBody(request, response) {
  const hash = createHash("sha256"), push = request.push.bind(request), writeHead = response.writeHead.bind(response);
  request.push = (chunk) => {
    if (chunk) hash.update(chunk);
    return push(chunk);
  };
  response.writeHead = (status, ...rest) => {
    const isMeant = request.method !== "PUT" || hash.digest("hex") === request.headers["x-amz-content-sha256"];
    return writeHead(isMeant ? status : 400, ...rest);
  };
}

const server = createServer((request, response) => {
  watchBody(request, response);
  isSigned(request).then((is) => {
    if (is) return serve(request, response);
    response.writeHead(403, { "Content-Type": "application/xml", Connection: "close" });
    response.end("<Error><Code>SignatureDoesNotMatch</Code></Error>");
    request.resume();
  });
});
server.listen(0, "127.0.0.1", () => console.log(`ready ${server.address().port}`));
