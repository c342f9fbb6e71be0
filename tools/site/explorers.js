
// On the website: a figure is put in its picture's place when it comes near.
const near = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) load(target);
}, { rootMargin: "800px" });

function load(box) {
  near.unobserve(box);
  const script = document.createElement("script");
  script.src = new URL(`explorer/${box.dataset.explorer}.js`, here);
  script.onerror = () => box.classList.add("explorer-failed");
  document.head.append(script);
}

const here = document.currentScript.src;
window.lrcourseExplorer = (name, data) => {
  for (const box of document.querySelectorAll(`[data-explorer="${name}"]:not(.explorer-here)`)) {
    box.classList.add("explorer-here");
    const live = box.appendChild(document.createElement("div"));
    show(structuredClone(data), live);
  }
};
document.querySelectorAll("[data-explorer]").forEach((box) => near.observe(box));
