// The form of a strategy: each slider and its number say the same, and the preview follows.
import { startPreview } from "../lib/preview.js";
import { coupleSliders } from "../lib/sliders.js";

const form = document.getElementById("strategy-form");
const panel = document.querySelector("[data-preview]");
coupleSliders(form);
if (panel) startPreview(panel, form);
