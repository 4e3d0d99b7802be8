import { mount } from "svelte";
import "uplot/dist/uPlot.min.css";
import "./style/tokens.css";
import "./style/base.css";
import "./style/controls.css";
import App from "./App.svelte";
import { fontsReady } from "./style/fonts";

const target = document.getElementById("app");
if (!target) throw new Error("index.html has no #app");
void fontsReady().then(() => mount(App, { target }));
