export { DocumentDbGateway, type GatewayOptions } from './gateway-server';
export { differingIn } from './signs';
