// Searches the index of papers in the reader's browser: nothing leaves it. Texts become text nodes, never markup.
"use strict";
(() => {
  const form = document.getElementById("finder");
  if (!form) return;
  const input = document.getElementById("query");
  const status = document.getElementById("status");
  const list = document.getElementById("hits");
  const more = document.getElementById("more");
  const shards = form.dataset.shards.split(" ").filter(Boolean);
  document.getElementById("without").hidden = true;
  const STEP = 30;
  const PAPER = /^(?:\d{4}\.\d{4,5}|[a-z][a-z-]{1,19}(?:\.[A-Z]{2})?\/\d{7})$/;
  const papers = [];
  let loaded = 0;
  let round = 0;
  let shown = STEP;
  let reading;

  const fold = (text) => text.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase();
  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  // A word is found at the beginning of a word; scripts without blanks are found anywhere.
  const matchers = (query) =>
    [...fold(query).matchAll(/"([^"]+)"|([^\s"]+)/g)].map((found) => {
      const term = (found[1] ?? found[2]).trim();
      const edge = /^[\p{L}\p{N}]/u.test(term) && !/^[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}]/u.test(term);
      return new RegExp(`${edge ? "(?<![\\p{L}\\p{N}])" : ""}${escaped(term)}`, "u");
    });

  const load = async () => {
    const answer = await fetch(shards[loaded]);
    if (!answer.ok) throw new Error(String(answer.status));
    const shard = await answer.json();
    for (const [id, title, authors, day, category, here] of shard.papers) {
      const date = shard.days[day];
      papers.push({ id, title, authors, date, category, here, text: fold(`${title}\n${authors}\n${id} ${category}`) });
    }
    loaded += 1;
  };

  const entry = (paper) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.textContent = paper.title || paper.id;
    link.dir = "auto";
    link.lang = "en";
    if (paper.here && PAPER.test(paper.id)) {
      link.href = `${form.dataset.papers}${paper.id}/index.html`;
    } else {
      link.href = `https://arxiv.org/abs/${paper.id.split("/").map(encodeURIComponent).join("/")}`;
      link.rel = "noopener noreferrer";
    }
    const facts = document.createElement("p");
    facts.className = "soft";
    facts.textContent = [paper.authors, paper.date, paper.category, paper.id].filter(Boolean).join(" · ");
    item.append(link, facts);
    return item;
  };

  const since = () => papers.reduce((first, paper) => (paper.date < first ? paper.date : first), "9999");

  const draw = (hits, fresh) => {
    const kept = fresh ? 0 : list.childElementCount;
    if (fresh) list.replaceChildren();
    list.append(...hits.slice(kept, shown).map(entry));
    const all = loaded === shards.length;
    const text = all ? (hits.length ? form.dataset.allFound : form.dataset.none) : form.dataset.found;
    status.textContent = text.replace("{n}", hits.length).replace("{since}", since());
    more.hidden = hits.length <= shown && all;
    more.textContent = hits.length > shown ? form.dataset.show : form.dataset.older;
  };

  const find = (wanted) => papers.filter((paper) => wanted.every((one) => one.test(paper.text)));

  // Weeks are read newest first, until there is a screenful.
  const search = async (fresh, older) => {
    const mine = (round += 1);
    const wanted = matchers(input.value);
    if (!wanted.length) {
      list.replaceChildren();
      status.textContent = "";
      more.hidden = true;
      return;
    }
    if (fresh) shown = STEP;
    let hits = find(wanted);
    try {
      while (loaded < shards.length && (hits.length < shown || older)) {
        status.textContent = form.dataset.running;
        older = false;
        reading ??= load().finally(() => (reading = undefined));
        await reading;
        if (mine !== round) return;
        hits = find(wanted);
      }
    } catch {
      if (mine === round) status.textContent = form.dataset.broken;
      return;
    }
    draw(hits, fresh);
  };
  let waiting;
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => search(true), 150);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    const address = new URL(location.href);
    address.searchParams.set("q", input.value);
    address.hash = "";
    history.replaceState(null, "", address);
    search(true);
  });
  input.addEventListener("input", later);
  more.addEventListener("click", async () => {
    const before = list.childElementCount;
    shown += STEP;
    await search(false, more.textContent === form.dataset.older);
    list.children[before]?.querySelector("a").focus();
  });

  const asked = new URL(location.href).searchParams.get("q");
  if (asked) {
    input.value = asked.slice(0, input.maxLength);
    search(true);
  }
})();
