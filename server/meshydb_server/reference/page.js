"use strict";

// Dark as the system is, until the reader says otherwise.
const root = document.documentElement;
const button = document.getElementById("color-scheme");
const system = window.matchMedia("(prefers-color-scheme: dark)");
let chosen = false;
const setDark = (dark) => {
  root.classList.toggle("dark-mode", dark);
  button.textContent = dark ? "Light mode" : "Dark mode";
};
system.addEventListener("change", () => chosen || setDark(system.matches));
button.addEventListener("click", () => {
  chosen = true;
  setDark(!root.classList.contains("dark-mode"));
});
setDark(system.matches);
button.hidden = false;

// The description is long: its first paragraph stands above the operations, the rest is there to be opened.
const Folded = () => ({
  statePlugins: {
    spec: {
      wrapSelectors: {
        selectInfoDescriptionField: (original) => (...args) => (original(...args) || "").split("\n\n")[0],
      },
    },
  },
  wrapComponents: {
    InfoContainer: (Original, { React, getComponent, specSelectors }) => (props) => {
      const rest = (specSelectors.info().get("description") || "").split("\n\n").slice(1).join("\n\n");
      return React.createElement(
        React.Fragment,
        null,
        React.createElement(Original, props),
        rest &&
          React.createElement(
            "details",
            { className: "conventions swagger-ui" },
            React.createElement("summary", null, "Conventions for every operation"),
            React.createElement(getComponent("Markdown", true), { source: rest }),
          ),
      );
    },
  },
});

// Swagger UI does not resolve the parameters of a path for an operation that the page's own URL points at.
const withParameters = (document) => {
  const resolve = (node) =>
    node.$ref ? node.$ref.slice(2).split("/").reduce((target, step) => target[step], document) : node;
  for (const item of Object.values(document.paths)) {
    const parameters = (item.parameters || []).map(resolve);
    item.parameters = parameters.map((each) => ({ ...each, schema: resolve(each.schema) }));
  }
  return document;
};

const show = async () => {
  const response = await fetch(DOCUMENT_URL);
  SwaggerUIBundle({
    spec: withParameters(await response.json()),
    dom_id: "#swagger-ui",
    deepLinking: true,
    // The usual one is a service that would be sent the document.
    validatorUrl: null,
    plugins: [Folded],
  });
};

show();
