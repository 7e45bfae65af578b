// The CDN: uploaded files by signed address, gone for everybody else and after a day.
import type { ServerResponse } from 'node:http';
import type { Scene } from './scene.ts';

export function serveFile(scene: Scene, url: URL, response: ServerResponse): void {
  const path = decoded(url.pathname);
  const file = scene.world.files.get(path);
  if (file === undefined || !scene.isSigned(path, url.searchParams)) {
    response.writeHead(404, { 'content-type': 'text/plain;charset=UTF-8' });
    response.end('This content is no longer available.');
    return;
  }
  response.writeHead(200, {
    'content-type': file.contentType ?? 'application/octet-stream',
    'content-length': String(file.bytes.length),
    'cache-control': 'private, max-age=86400',
    'x-content-type-options': 'nosniff',
    // What users uploaded must not act as a page of this origin.
    'content-security-policy': "default-src 'none'; sandbox",
  });
  response.end(file.bytes);
}

/** File names may hold any letters; an address that cannot be decoded names nothing. */
function decoded(pathname: string): string {
  try {
    return decodeURI(pathname);
  } catch {
    return '';
  }
}
