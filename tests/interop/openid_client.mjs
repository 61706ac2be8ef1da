// A portal's server by npm's openid-client: signs in with a secret, and with a key of its own.
//
//     node openid_client.mjs <issuer> <callback> <client id> [<secret>]
//
// It tells in lines of JSON on standard output (its public key, where the browser is to go, what it
// learnt), and is told on standard input: "go" when it is registered, then the callback's address.
import * as oidc from 'openid-client';
import * as jose from 'jose';
import readline from 'node:readline';

const [issuer, callback, id, secret] = process.argv.slice(2);
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const heard = async () => (await lines.next()).value;
const tell = (what) => console.log(JSON.stringify(what));

let auth = oidc.ClientSecretBasic(secret);
if (!secret) {
  const pair = await jose.generateKeyPair('ES256', { extractable: true });
  tell({ jwks: { keys: [{ ...(await jose.exportJWK(pair.publicKey)), kid: 'own-1', use: 'sig', alg: 'ES256' }] } });
  auth = oidc.PrivateKeyJwt({ key: pair.privateKey, kid: 'own-1' });
}
await heard();

const config = await oidc.discovery(new URL(issuer), id, {}, auth,
  { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] });
const verifier = oidc.randomPKCECodeVerifier();
const state = oidc.randomState();
const nonce = oidc.randomNonce();
tell({
  go: oidc.buildAuthorizationUrl(config, {
    redirect_uri: callback, scope: 'openid profile dinhdanh', state, nonce, acr_values: 'LoA2', max_age: '600',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  }).href,
});
const back = new URL(await heard());
const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, maxAge: 600, idTokenExpected: true };

const foreign = new URL(back);
foreign.searchParams.set('iss', 'https://other.example.vn'); // RFC 9207: another provider's answer
const mixed = await oidc.authorizationCodeGrant(config, foreign, checks).then(() => 'taken', (error) => error.code);

const tokens = await oidc.authorizationCodeGrant(config, back, checks);
const claims = tokens.claims();
const user = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
const again = await oidc.authorizationCodeGrant(config, back, checks).then(() => 'taken', (error) => error.error);
const after = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub).then(() => 'told', (error) => error.status ?? error.cause?.[0]?.parameters?.error ?? 'refused');
tell({ mixed, claims, user, again, after, out: oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token }).href });
