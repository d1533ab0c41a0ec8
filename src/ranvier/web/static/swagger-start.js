"use strict";

// Starts Swagger UI on this node's own description of its API. Where the page was opened with an
// access token in its address, every request sends it on; where its reader has signed in, the token
// that proves that they want what they try.
(function () {
  const tokenName = "AxonIQ-Access-Token";
  const token = new URLSearchParams(window.location.search).get(tokenName);

  const csrf = document.querySelector('meta[name="csrf-token"]');

  window.ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayRequestDuration: true,
    // Both would ask a host that is not this one.
    validatorUrl: null,
    queryConfigEnabled: false,
    requestInterceptor: function (request) {
      if (new URL(request.url, window.location.href).origin !== window.location.origin) {
        return request;
      }
      if (token) {
        request.headers[tokenName] = request.headers[tokenName] || token;
      }
      if (csrf) {
        request.headers["X-CSRF-Token"] = csrf.content;
      }
      return request;
    },
  });
})();
