"use strict";

// Dark as the system is, until the reader says otherwise.
const root = document.documentElement;
const button = document.getElementById("color-scheme");
const system = window.matchMedia("(prefers-color-scheme: dark)");
let chosen = false;
const setDark = (dark) => {
  root.classList.toggle("dark-mode", dark);
  button.setAttribute("aria-pressed", String(dark));
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
            React.createElement("summary", null, "What holds for every operation"),
            React.createElement(getComponent("Markdown", true), { source: rest }),
          ),
      );
    },
  },
});

// Without a validator, because the usual one is a service that would be sent the document.
SwaggerUIBundle({
  url: DOCUMENT_URL,
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  plugins: [Folded],
});
