// The language switch remembers the choice, for the site's first page, and keeps the reader's
// place: the anchors s1, s2, … of the sections are the same in both languages.
document.querySelector(".language-switch")?.addEventListener("click", ({ currentTarget: link }) => {
  localStorage.setItem("language", link.hreflang.slice(0, 2));
  link.search = location.search;
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const read = [...document.querySelectorAll("article section")].filter(
    (section) => section.getBoundingClientRect().top < innerHeight / 3
  );
  if (target && !target.matches("section")) link.hash = location.hash;
  else if (scrollY > 0 && read.length) link.hash = read.at(-1).querySelector(":scope > span").id;
});

// Search engines want whole addresses; where the site lives is known here, if not to the build.
document.querySelectorAll("link[hreflang]").forEach((link) => (link.href = link.href));

// The search's summaries quote the article's prose, not the buttons and lists around it.
document.addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined") return;
  const { htmlToText } = Search;
  Search.htmlToText = (page, anchor) => {
    const article = new DOMParser().parseFromString(page, "text/html").querySelector("article");
    article.querySelector(".reading-time")?.remove();
    article.querySelectorAll("math, table").forEach((block) => block.replaceWith("…"));
    return htmlToText(`<main role="main">${article.innerHTML}</main>`, anchor);
  };
});

// The buttons of folded admonitions say in words what they do; their English label would hide it.
addEventListener("load", () =>
  document.querySelectorAll(".toggle-button").forEach((button) => button.removeAttribute("aria-label"))
);

// What scrolls within itself can be scrolled by the keyboard, too.
addEventListener("load", () =>
  document.querySelectorAll("div.math, .output.text_html, .pst-scrollable-table-container").forEach((box) => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  })
);

// Paper is white, and nobody can open a fold on it.
{
  const { dataset } = document.documentElement;
  let theme, folded;
  addEventListener("beforeprint", () => {
    theme = dataset.theme;
    dataset.theme = "light";
    folded = [...document.querySelectorAll("article details:not([open])")];
    folded.forEach((details) => (details.open = true));
  });
  addEventListener("afterprint", () => {
    dataset.theme = theme;
    folded.forEach((details) => (details.open = false));
  });
}
