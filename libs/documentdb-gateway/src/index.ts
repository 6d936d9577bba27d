export { DocumentDbGateway, type GatewayOptions } from './gateway-server';
