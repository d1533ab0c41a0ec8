"use strict";

// Starts Swagger UI on this node's own description of its API. Where the page was opened with an
// access token in its address, every request sends it on.
(function () {
  const tokenName = "AxonIQ-Access-Token";
  const token = new URLSearchParams(window.location.search).get(tokenName);

  window.ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayRequestDuration: true,
    // Both would ask a host that is not this one.
    validatorUrl: null,
    queryConfigEnabled: false,
    requestInterceptor: function (request) {
      if (token && new URL(request.url, window.location.href).origin === window.location.origin) {
        request.headers[tokenName] = request.headers[tokenName] || token;
      }
      return request;
    },
  });
})();
