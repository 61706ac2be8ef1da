// Events out with other people's clients: npm's standardwebhooks and eventsource.
//
//     node events_client.mjs verify               reads [{secret, headers, body}, …]; prints each body's id, or why not
//     node events_client.mjs listen URL SESSION LAST COUNT   prints COUNT events as JSON lines
import { EventSource } from "eventsource";
import { Webhook } from "standardwebhooks";

async function verify() {
  let text = "";
  for await (const piece of process.stdin) text += piece;
  for (const { secret, headers, body } of JSON.parse(text)) {
    try {
      console.log(new Webhook(secret).verify(body, headers).id);
    } catch (error) {
      console.log(`refused: ${error.message}`);
    }
  }
}

// The client itself resumes after a cut; LAST is what a page would remember between two visits.
function listen(url, session, last, count) {
  let heard = 0;
  const source = new EventSource(url, {
    fetch: (input, init) => {
      const headers = { ...init.headers, Authorization: `Bearer ${session}` };
      if (last !== "" && headers["Last-Event-ID"] === undefined) headers["Last-Event-ID"] = last;
      return fetch(input, { ...init, headers });
    },
  });
  for (const type of ["motcua.dossier.sent", "motcua.dossier.accepted", "motcua.dossier.advanced", "motcua.feed.gap"])
    source.addEventListener(type, (event) => {
      if (heard === Number(count)) return;
      console.log(JSON.stringify({ type, id: event.lastEventId, data: JSON.parse(event.data) }));
      if (++heard === Number(count)) source.close();
    });
  source.addEventListener("open", () => console.log(JSON.stringify({ type: "open" })));
}

const [what, ...rest] = process.argv.slice(2);
if (what === "verify") await verify();
else listen(...rest);
