import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet, { type HelmetOptions } from 'helmet';

type Headers = Readonly<Record<string, string>>;

/** Pages for people, with scripts and styles of their own. Everything else is data that no browser should interpret. */
const PAGES = ['/docs', '/admin'];

const SHARED: HelmetOptions = {
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
  originAgentCluster: false,
};

const DATA_HEADERS = headersOf({
  ...SHARED,
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  crossOriginOpenerPolicy: false,
});

const PAGE_HEADERS = headersOf({
  ...SHARED,
  // No upgrade to https: an operator may reach the pages by plain http on a private address.
  contentSecurityPolicy: { directives: { upgradeInsecureRequests: null, imgSrc: ["'self'", 'data:'] } },
});

/** Helmet's headers for a path. They never differ between requests, so helmet is asked once, at start. */
export function securityHeaders(path: string): Headers {
  return PAGES.some((page) => path.startsWith(page)) ? PAGE_HEADERS : DATA_HEADERS;
}

function headersOf(options: HelmetOptions): Headers {
  const headers: Record<string, string> = {};
  const response = {
    setHeader: (name: string, value: string) => void (headers[name.toLowerCase()] = value),
    removeHeader: () => undefined,
  };
  helmet(options)({} as IncomingMessage, response as unknown as ServerResponse, (error) => {
    if (error) throw error as Error;
  });
  return headers;
}
