import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createSecureContext, createServer, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { openTlsFiles } from './tls-files.ts';

describe('the certificates in the data folder', () => {
  let folder: string;
  const read = (file: string): Promise<Buffer> => readFile(join(folder, file));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'certificates-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('are called as those of WeChat Pay, and belong to their owner alone', async () => {
    await openTlsFiles(folder, '1900000109', []);
    const files = (await readdir(folder)).sort();
    const merchant = ['apiclient_cert.p12', 'apiclient_cert.pem', 'apiclient_key.pem'];
    expect(files).toEqual([...merchant, 'ca-key.pem', 'ca.pem']);
    for (const file of files) expect((await stat(join(folder, file))).mode & 0o077).toBe(0);
  });

  it('are kept over a restart, and made anew for another merchant', async () => {
    const first = await openTlsFiles(folder, '1900000109', []);
    const client = await read('apiclient_cert.p12');
    const again = await openTlsFiles(folder, '1900000109', []);
    expect(again.caCertificate).toBe(first.caCertificate);
    expect(await read('apiclient_cert.p12')).toEqual(client);
    await openTlsFiles(folder, '1900000110', []);
    expect(new X509Certificate(await read('apiclient_cert.pem')).subject).toContain('CN=1900000110');
    expect((await openTlsFiles(folder, '1900000110', [])).caCertificate).toBe(first.caCertificate);
  });

  it('name the server as it is reached, by a CA that is one', async () => {
    const { certificate, caCertificate } = await openTlsFiles(folder, '1900000109', [
      'wechat.example.test',
      '2001:db8::1',
    ]);
    const [server, ca] = [new X509Certificate(certificate), new X509Certificate(caCertificate)];
    expect(ca.ca).toBe(true);
    expect(server.ca).toBe(false);
    expect(server.checkIssued(ca) && server.verify(ca.publicKey)).toBe(true);
    for (const host of ['localhost', 'api.mch.weixin.qq.com', 'wechat.example.test'])
      expect(server.checkHost(host)).toBe(host);
    for (const ip of ['127.0.0.1', '::1', '2001:db8::1']) expect(server.checkIP(ip)).toBe(ip);
    expect(server.checkHost('shop.example.test')).toBeUndefined();
  });

  it('hold together in a TLS connection, from the p12 as from the PEM files', async () => {
    const { caCertificate: ca, certificate: cert, privateKey: key } = await openTlsFiles(folder, '1900000109', []);
    const pfx = await read('apiclient_cert.p12');
    expect(() => createSecureContext({ pfx, passphrase: 'wrong' })).toThrow(/mac verify failure/);
    const server = createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: false });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const pem = { cert: await read('apiclient_cert.pem'), key: await read('apiclient_key.pem') };
    expect(new X509Certificate(pem.cert).checkPrivateKey(createPrivateKey(pem.key))).toBe(true);
    for (const identity of [{ pfx, passphrase: '1900000109' }, pem]) {
      const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
      const socket = connect({ port, host: '127.0.0.1', ca, servername: 'api.mch.weixin.qq.com', ...identity });
      const [[seen]] = await Promise.all([accepted, once(socket, 'secureConnect')]);
      expect(socket.authorized).toBe(true);
      expect(seen.authorized).toBe(true);
      expect(seen.getPeerX509Certificate()?.subject).toContain('CN=1900000109');
      socket.destroy();
    }
    server.close();
  });
});
