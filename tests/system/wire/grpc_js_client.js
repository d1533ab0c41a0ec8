// Calls every kind of method by @grpc/grpc-js on raw bytes; prints one line of JSON.
'use strict';
const grpc = require('@grpc/grpc-js');

const same = (value) => value;
const client = new grpc.Client(`127.0.0.1:${process.argv[2]}`, grpc.credentials.createInsecure());
const path = (method) => `/test.Echo/${method}`;

function unary(method, message, { metadata = {}, timeout, compression } = {}) {
  const head = new grpc.Metadata();
  for (const [name, value] of Object.entries(metadata)) head.set(name, value);
  if (compression) head.set('grpc-internal-encoding-request', compression);
  const options = timeout ? { deadline: Date.now() + timeout } : {};
  return new Promise((resolve) => {
    const seen = {};
    const call = client.makeUnaryRequest(
      path(method), same, same, message, head, options,
      (error, answer) => {
        seen.error = error && { code: error.code, details: error.details,
                                trailer: error.metadata.get('axoniq-errorcode')[0] };
        seen.answer = answer && answer.length;
        setImmediate(() => resolve(seen));
      });
    call.on('metadata', (got) => { seen.head = got.get('x-head')[0]; });
    call.on('status', (got) => { seen.tail = got.metadata.get('x-tail')[0]; });
  });
}

function readAll(call) {
  return new Promise((resolve, reject) => {
    const texts = [];
    call.on('data', (message) => texts.push(message.toString()));
    call.on('error', reject);
    call.on('end', () => resolve(texts));
  });
}

async function main() {
  const seen = {};
  seen.unary = await unary('Unary', Buffer.from('hello'));
  seen.large = await unary('Unary', Buffer.alloc(4194304 - 16, 1));
  seen.error = await unary('Fail', Buffer.alloc(0));
  seen.unknown = await unary('Nothing', Buffer.alloc(0));
  seen.deadline = await unary('Wait', Buffer.alloc(0), { timeout: 100 });
  seen.metadata = await unary('Metadata', Buffer.alloc(0),
    { metadata: { 'x-text': 'some text', 'x-raw-bin': Buffer.alloc(256) } });

  seen.repeated = (await readAll(client.makeServerStreamRequest(
    path('Repeat'), same, same, Buffer.from('300,abc')))).length;

  seen.counted = await new Promise((resolve, reject) => {
    const call = client.makeClientStreamRequest(path('Count'), same, same,
      (error, answer) => (error ? reject(error) : resolve(answer.toString())));
    for (let size = 0; size < 300; size += 1) call.write(Buffer.alloc(size));
    call.end();
  });

  const chat = client.makeBidiStreamRequest(path('ChatCallback'), same, same);
  const heard = readAll(chat);
  for (let number = 0; number < 300; number += 1) chat.write(Buffer.from(String(number)));
  chat.end();
  seen.chat = (await heard).join(',');

  const many = Array.from({ length: 2000 }, () => unary('UnaryCallback', Buffer.alloc(300)));
  seen.many = (await Promise.all(many)).filter((one) => one.answer === 300).length;
  client.close();
  process.stdout.write(JSON.stringify(seen));
}

main().catch((error) => { process.stderr.write(String(error.stack)); process.exit(1); });
