// The language switch remembers the choice, for the site's first page, and keeps the reader's
// place: the anchors s1, s2, … of the sections are the same in both languages.
document.querySelector(".language-switch")?.addEventListener("click", (event) => {
  const link = event.currentTarget;
  localStorage.setItem("language", link.hreflang.slice(0, 2));
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const read = [...document.querySelectorAll("article section")].filter(
    (section) => section.getBoundingClientRect().top < innerHeight / 3
  );
  if (target && !target.matches("section")) link.hash = location.hash;
  else if (scrollY > 0 && read.length) link.hash = read.at(-1).querySelector(":scope > span[id]").id;
  if (location.search) link.search = location.search;  // a query of the search page
});
