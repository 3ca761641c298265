"use strict";
const token = new URLSearchParams(location.search).get("token") ?? "";
const UNKNOWN = "don't know";

const find = (id) => document.getElementById(id);

// An address of this server, with the token that it asks for.
function address(path, query = {}) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries({ ...query, token })) url.searchParams.set(name, value);
  return url;
}

// An element; text is text, whatever is in it.
function make(tag, { text = "", ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  element.append(...(text === "" ? [] : [text]), ...children);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function clock(seconds) {
  const whole = Math.floor(seconds), two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function percent(value) {
  if (value >= 0.9995 && value < 1) return ">99.9 %";
  if (value > 0 && value < 0.0005) return "<0.1 %";
  return `${(100 * value).toFixed(1).replace(/\.0$/, "")} %`;
}

const nameAnswer = (decision) => (decision.answered ? decision.label : UNKNOWN);
const nameReason = (decision) => decision.reason.replace(/^don't know: /, "");

// An utterance as an entry of a list, with a link to its explanation.
function listUtterance(one) {
  const link = make("a", { text: nameAnswer(one), href: one.url, target: "_blank", rel: "noopener" });
  link.title = "Explain this utterance";
  return make("li", {},
    make("span", { class: "number", text: `${clock(one.start)}–${clock(one.stop)}` }), link,
    make("span", { class: "number", text: percent(one.confidence) }),
    make("span", { class: "why", text: nameReason(one) }));
}

// The path of lines that join points by their numbers; points are x and y in turn, or none.
function joinPoints(lines, points) {
  const at = (one) => `${points[2 * one]} ${points[2 * one + 1]}`;
  return points.length ? lines.map((line) => `M${line.map(at).join("L")}`).join("") : "";
}

const openExplanation = (one) => window.open(one.url, "_blank", "noopener");
