import { isOrigin } from './origins.settings';

describe('isOrigin', () => {
  it.each(['https://app.example', 'http://localhost:3000', 'https://xn--bcher-kva.example', 'http://[::1]:8080'])(
    'takes %s',
    (text) => expect(isOrigin(text)).toBe(true),
  );

  it.each([
    '*',
    'https://*.example',
    'app.example',
    'https://app.example/',
    'https://app.example/path',
    'https://app.example:443',
    'https://APP.example',
    'https://bücher.example',
    'https://user@app.example',
    'ftp://app.example',
    'null',
    'https://',
  ])('refuses %s', (text) => expect(isOrigin(text)).toBe(false));
});
