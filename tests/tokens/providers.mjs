// Identity providers as they are met in the wild, on loopback, for real_provider_test.cc:
//
//   oidc-provider         plays HelseID: private_key_jwt, DPoP-bound at+jwt, signed with PS256;
//   oauth2-mock-server    plays Maskinporten and ID-porten: tokens with any claims, and keys that roll over.
//
// Usage: node providers.mjs FOLDER, with a socket as descriptor 3. Each line that comes in is a JSON request with the
// member `do`; each is answered by one line of JSON. The key sets stand in FOLDER. Ends when the socket is closed, and
// in any case after two minutes.
import { createHash, randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';

import * as jose from 'jose';
import { OAuth2Server } from 'oauth2-mock-server';
import Provider from 'oidc-provider';

const MAX_SECONDS = 120;
const AUDIENCE = 'urn:kobling';

const folder = process.argv[2];
setTimeout(() => process.exit(3), MAX_SECONDS * 1000).unref();

// As the process that refreshes key files does it: nobody sees half a file.
function replaceFile(name, text) {
  writeFileSync(`${folder}/${name}.new`, text, { mode: 0o644 });
  renameSync(`${folder}/${name}.new`, `${folder}/${name}`);
}

async function fetchKeySet(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`no key set: ${answer.status}`);
  return await answer.text();
}

async function newKey(algorithm, use) {
  const { privateKey } = await jose.generateKeyPair(algorithm, { extractable: true });
  return { ...(await jose.exportJWK(privateKey)), alg: algorithm, kid: randomUUID(), ...(use ? { use } : {}) };
}

function publicPart({ kty, crv, x, y, n, e }) {
  return kty === 'EC' ? { kty, crv, x, y } : { kty, n, e };
}

// ---------------------------------------------------------------------------------------------------------- HelseID

class HelseId {
  async start() {
    this.clientKey = await newKey('ES256', 'sig');
    const signingKeys = [await newKey('PS256', 'sig'), await newKey('ES256', 'sig')];
    // The provider must be told its address, which is known only when a server listens there.
    this.server = createServer((request, response) => this.callback(request, response));
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.issuer = `http://127.0.0.1:${this.server.address().port}`;
    const provider = new Provider(this.issuer, {
      clients: [
        {
          client_id: 'a-register',
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
          id_token_signed_response_alg: 'PS256',
          token_endpoint_auth_method: 'private_key_jwt',
          token_endpoint_auth_signing_alg: 'ES256',
          dpop_bound_access_tokens: true,
          jwks: { keys: [{ ...publicPart(this.clientKey), kid: this.clientKey.kid, alg: 'ES256', use: 'sig' }] },
        },
      ],
      jwks: { keys: signingKeys },
      scopes: ['kobling:register'],
      clientAuthMethods: ['private_key_jwt'],
      extraTokenClaims: () => ({ 'helseid://claims/client/claims/orgnr_parent': '310000000' }),
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        dPoP: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => AUDIENCE,
          useGrantedResource: () => true,
          getResourceServerInfo: () => ({
            scope: 'kobling:register',
            audience: AUDIENCE,
            accessTokenTTL: 300,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: this.algorithm } },
          }),
        },
      },
    });
    this.callback = provider.callback();
    replaceFile('helseid.json', await fetchKeySet(`${this.issuer}/jwks`));
  }

  // A token bound to a new key; with the key, for proofs.
  async token(algorithm) {
    this.algorithm = algorithm;
    const url = `${this.issuer}/token`;
    const key = await newKey('ES256');
    const assertion = await new jose.SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: this.clientKey.kid })
      .setIssuer('a-register')
      .setSubject('a-register')
      .setAudience(this.issuer)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime('30s')
      .sign(await jose.importJWK(this.clientKey));
    const answer = await fetch(url, {
      method: 'POST',
      headers: { DPoP: await makeProof(key, { htm: 'POST', htu: url }) },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'kobling:register',
        client_id: 'a-register',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }),
    });
    const body = await answer.json();
    if (body.token_type !== 'DPoP') throw new Error(`no bound token: ${answer.status} ${body.error_description}`);
    return { token: body.access_token, key };
  }
}

// A proof of possession, written by jose.
async function makeProof(key, claims) {
  return await new jose.SignJWT({ jti: randomUUID(), ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: publicPart(key) })
    .setIssuedAt()
    .sign(await jose.importJWK(key, 'ES256'));
}

// ---------------------------------------------------------------------------------------- Maskinporten and ID-porten

class MockIssuer {
  constructor(file) {
    this.file = file;
    this.published = [];
  }

  async start(algorithm) {
    this.mock = new OAuth2Server();
    // The claims of the request take the place of the server's own; null takes one away.
    this.mock.service.on('beforeTokenSigning', (token, request) => {
      for (const [name, value] of Object.entries(JSON.parse(request.body.claims))) {
        token.payload[name] = value === null ? undefined : value;
      }
    });
    await this.newestKey(algorithm);
    await this.mock.start(0, '127.0.0.1');
    this.issuer = this.mock.issuer.url;
    await this.publish();
  }

  async newestKey(algorithm) {
    this.signing = await this.mock.issuer.keys.generate(algorithm);
    this.published.push(this.signing.kid);
  }

  // The server's own key set, without the keys that were withdrawn.
  async publish() {
    const { keys } = JSON.parse(await fetchKeySet(`${this.mock.issuer.url}/jwks`));
    replaceFile(this.file, JSON.stringify({ keys: keys.filter((key) => this.published.includes(key.kid)) }));
  }

  // A new key signs from now on. Every other time the old ones are withdrawn in the same moment; and once in a while the
  // file is broken for a moment before.
  async rollOver(algorithm, number) {
    if (number % 3 === 2) replaceFile(this.file, '{"keys":[{"kty":"RSA","kid":');
    if (number % 2 === 1) this.published = [];
    await this.newestKey(algorithm);
    await this.publish();
  }

  async token(claims) {
    // The mock takes its keys in turn; the one that signs is moved to the front by asking for all others.
    for (const { kid } of this.mock.issuer.keys.toJSON()) {
      if (kid !== this.signing.kid) this.mock.issuer.keys.get(kid);
    }
    const now = Math.floor(Date.now() / 1000);
    const answer = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        claims: JSON.stringify({ exp: now + 120, jti: randomUUID(), ...claims }),
      }),
    });
    return (await answer.json()).access_token;
  }
}

// ------------------------------------------------------------------------------------------------------ the requests

const helseId = new HelseId();
const mocks = { maskinporten: new MockIssuer('maskinporten.json'), idporten: new MockIssuer('idporten.json') };

const requests = {
  // What the test must know to trust the providers.
  async start() {
    await Promise.all([helseId.start(), mocks.maskinporten.start('RS256'), mocks.idporten.start('RS256')]);
    return {
      helseid: helseId.issuer,
      maskinporten: mocks.maskinporten.issuer,
      idporten: mocks.idporten.issuer,
      node: process.version,
    };
  },
  // A bound token with `count` proofs for `url`.
  async bound({ algorithm, url, count }) {
    const { token, key } = await helseId.token(algorithm);
    const ath = createHash('sha256').update(token).digest('base64url');
    const proofs = [];
    for (let i = 0; i < count; ++i) proofs.push(await makeProof(key, { htm: 'POST', htu: url, ath }));
    return { token, proofs };
  },
  // `count` tokens of a mock, with these claims.
  async tokens({ issuer, claims, count }) {
    const tokens = [];
    for (let i = 0; i < count; ++i) tokens.push(await mocks[issuer].token(claims));
    return { tokens };
  },
  async rollOver({ issuer, algorithm, number }) {
    await mocks[issuer].rollOver(algorithm, number);
    return { kid: mocks[issuer].signing.kid };
  },
  // The same claims without a signature, and signed with the public key as if that were a secret.
  async forgeries({ token }) {
    const claims = jose.decodeJwt(token);
    const { kid } = jose.decodeProtectedHeader(token);
    const { keys } = JSON.parse(await fetchKeySet(`${mocks.maskinporten.issuer}/jwks`));
    const pem = await jose.exportSPKI(await jose.importJWK(keys.find((key) => key.kid === kid)));
    const own = await newKey('RS256');
    return {
      unsigned: new jose.UnsecuredJWT(claims).encode(),
      symmetric: await new jose.SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid })
        .sign(new TextEncoder().encode(pem)),
      ownKey: await new jose.SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid, jwk: publicPart(own) })
        .sign(await jose.importJWK(own)),
    };
  },
};

const socket = new Socket({ fd: 3 });
for await (const line of createInterface({ input: socket })) {
  let answer;
  try {
    const request = JSON.parse(line);
    answer = await requests[request.do](request);
  } catch (error) {
    answer = { error: String(error) };
  }
  socket.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
