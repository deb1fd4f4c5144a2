export {
  removeProxyTable,
  ServiceProxy,
  type ProxyLog,
  type ProxyModules,
  type ProxyOptions,
  type ProxySource,
} from "./service-proxy.ts";
