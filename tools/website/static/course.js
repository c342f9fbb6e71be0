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

// The search's summaries quote the article's prose, not the buttons and lists around it.
if (typeof Search !== "undefined") {
  const { htmlToText } = Search;
  Search.htmlToText = (page, anchor) => {
    const article = new DOMParser().parseFromString(page, "text/html").querySelector("article");
    article.querySelectorAll("math, table").forEach((block) => block.replaceWith("…"));
    return htmlToText(`<main role="main">${article.innerHTML}</main>`, anchor);
  };
}

// The buttons of folded admonitions say in words what they do; their English label would hide it.
addEventListener("load", () =>
  document.querySelectorAll(".toggle-button").forEach((button) => button.removeAttribute("aria-label"))
);
