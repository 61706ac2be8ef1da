// Relays of many manners, by npm's smtp-server: each listens at a port of its own.
//   mail_server.mjs <certificate> <key>
// The first line told is {manner: port}; then a line for each mail that came, with the manner and the envelope.
import {readFileSync} from 'node:fs';
import {SMTPServer} from 'smtp-server';

const tls = {cert: readFileSync(process.argv[2]), key: readFileSync(process.argv[3])};
const refusal = (responseCode, text) => Object.assign(new Error(text), {responseCode});
let asked = 0;

const manners = {
    implicit: {secure: true},
    starttls: {},
    bare: {hideSMTPUTF8: true, hide8BITMIME: true, hidePIPELINING: true, hideSize: true},
    stripped: {hideSTARTTLS: true, disabledCommands: ['AUTH', 'STARTTLS']}, // somebody in between took the offer away
    auth: {disabledCommands: [], authOptional: false,
        onAuth: ({username, password}, session, done) => username === 'portal' && password === 's3cret'
            ? done(null, {user: username}) : done(refusal(535, 'Not you'))},
    greylisting: {onRcptTo: (address, session, done) => done(asked++ ? null : refusal(451, 'Greylisted'))},
    gone: {onRcptTo: (address, session, done) => done(refusal(550, 'No such user'))},
    full: {onData: (stream, session, done) => stream.resume().on('end', () => done(refusal(552, 'Mailbox full')))},
    slow_banner: {onConnect: () => {}}, // never
    slow_data: {onData: (stream) => stream.resume()}, // taken, and no word of it
};

const ports = {};
for (const [manner, options] of Object.entries(manners)) {
    const server = new SMTPServer({
        ...tls, disabledCommands: ['AUTH'], logger: false, disableReverseLookup: true,
        onData(stream, session, done) {
            const chunks = [];
            stream.on('data', chunk => chunks.push(chunk)).on('end', () => {
                console.log(JSON.stringify({manner, from: session.envelope.mailFrom.address, secure: session.secure,
                    to: session.envelope.rcptTo.map(to => to.address), options: session.envelope.mailFrom.args || {},
                    content: Buffer.concat(chunks).toString('base64')}));
                done();
            });
        },
        ...options,
    });
    server.on('error', () => {}); // a client that hangs up is one of the manners' ends
    await new Promise(listening => server.listen(0, '127.0.0.1', listening));
    ports[manner] = server.server.address().port;
}
console.log(JSON.stringify(ports));
process.stdin.resume().on('end', () => process.exit(0));
