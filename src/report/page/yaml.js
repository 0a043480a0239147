// YAML as kubectl prints it, line by line, with what a difference says is new.
const yaml = (() => {
  const WORDS = /^(~|null|Null|NULL|y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/;
  const NUMBER = /^[-+]?(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|[0-9]+|(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)$/;
  const SPECIAL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/;

  /** Would the bare word be a number, a truth value or a date? */
  function isOther(text) {
    const date = text.length > 7 && /^[0-9]{4}-/.test(text);
    const sexagesimal = text.includes(":") && /^[-+]*[0-9:_.]*$/.test(text);
    const infinite = /^[-+]*\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$/.test(text);
    return text === "" || WORDS.test(text) || (/^[-+.0-9]/.test(text) && NUMBER.test(text.replaceAll("_", ""))) || date || sexagesimal || infinite || text === "<<" || text === "=";
  }

  function isPlain(text) {
    const dash = text.length > 1 && text[0] === "-" && !text.startsWith("- ") && !text.startsWith("---");
    const leading = "-?:,[]{}#&*!|>'\"%@` ".includes(text[0]) && !dash;
    return !leading && !text.includes(": ") && !text.includes(" #") && !text.endsWith(":") && !text.endsWith(" ");
  }

  function oneLine(text) {
    if (isOther(text) || SPECIAL.test(text)) return JSON.stringify(text);
    return isPlain(text) ? text : `'${text.replaceAll("'", "''")}'`;
  }

  /** Several lines as a literal block. */
  function block(text, depth) {
    const head = text.endsWith("\n\n") ? "|+" : text.endsWith("\n") ? "|" : "|-";
    const pad = "  ".repeat(depth + 1);
    return [head, ...text.replace(/\n$/, "").split("\n").map((line) => (line ? pad + line : ""))].join("\n");
  }

  const isMap = (value) => value !== null && typeof value === "object";
  const isFull = (value) => isMap(value) && Object.keys(value).length > 0;

  function scalar(value, depth) {
    if (Array.isArray(value)) return "[]";
    if (isMap(value)) return "{}";
    if (typeof value !== "string") return String(value);
    const literal = value.includes("\n") && !SPECIAL.test(value.replaceAll("\n", "")) && !/^[ \n]/.test(value);
    return literal ? block(value, depth) : oneLine(value);
  }

  const isNew = (delta) => delta === true || Array.isArray(delta);
  const inner = (delta, key) => (isNew(delta) ? true : delta && Object.hasOwn(delta, key) ? delta[key] : undefined);

  function items(list, depth, delta, out) {
    list.forEach((entry, place) => {
      const part = inner(delta, place), start = out.length, pad = "  ".repeat(depth);
      if (!isFull(entry)) return out.push([`${pad}- ${scalar(entry, depth)}`, isNew(part)]);
      write(entry, depth + 1, part, out);
      out[start][0] = `${pad}- ${out[start][0].slice(pad.length + 2)}`;
    });
  }

  function write(value, depth, delta, out) {
    if (Array.isArray(value)) return items(value, depth, delta, out);
    const pad = "  ".repeat(depth);
    for (const key of Object.keys(value).sort()) {
      const entry = value[key], part = inner(delta, key);
      if (!isFull(entry)) out.push([`${pad}${oneLine(key)}: ${scalar(entry, depth)}`, isNew(part)]);
      else {
        out.push([`${pad}${oneLine(key)}:`, isNew(part)]);
        write(entry, Array.isArray(entry) ? depth : depth + 1, part, out);
      }
    }
  }

  /** The lines of a value: [text, is new]. */
  function lines(value, delta) {
    const out = [];
    write(value, 0, delta, out);
    return out;
  }
  return { lines };
})();
