/* The interactive reference: Swagger UI, called as the user that is chosen above it. */
"use strict";

addEventListener("load", () => {
  const place = document.getElementById("reference");
  const users = document.getElementById("as");
  const dialects = document.getElementById("dialect");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", paint);
  paint();

  const ui = SwaggerUIBundle({
    url: place.dataset.description,
    domNode: place,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    tryItOutEnabled: true,
    validatorUrl: null,
    onComplete: authorize,
    requestInterceptor(request) {
      if (place.dataset.session && !request.loadSpec) {
        request.headers["X-Mock-Session"] = place.dataset.session;
      }
      return request;
    },
  });

  function authorize() {
    const chosen = users.selectedOptions[0];
    if (chosen) {
      ui.preauthorizeApiKey("tokenAuth", `Token ${chosen.dataset.token}`);
    }
  }

  users.addEventListener("change", authorize);
  dialects.addEventListener("change", () => dialects.form.submit());
});
