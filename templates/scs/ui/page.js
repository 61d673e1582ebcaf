const form = document.querySelector("form");
const list = document.querySelector("ol");
const trouble = document.querySelector("[role=alert]");

async function show() {
  const notes = await ask("/notes");
  list.replaceChildren(
    ...notes.map(({ text, at }) => {
      const item = document.createElement("li");
      item.textContent = text;
      item.title = new Date(at).toLocaleString();
      return item;
    }),
  );
}

/** What is wrong is said by the service: its problem documents have a `detail`. */
async function ask(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  return body;
}

async function trying(work) {
  try {
    await work();
    trouble.textContent = "";
  } catch (error) {
    trouble.textContent = error.message;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = new FormData(form).get("text");
  trying(async () => {
    await ask("/notes", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text }),
    });
    form.reset();
    await show();
  });
});

trying(show);
