// The page: sends requests to the endpoint, keeps one set of headers for all tabs, and lists the saved examples.
'use strict';

const { GraphiQL, createElement, createRoot, flushSync, useEditorContext, useState } = graphiql;

const ENDPOINT = document.body.dataset.endpoint;
/** Operations to begin with: `[{ name, query, variables }]`. */
const EXAMPLES = JSON.parse(document.getElementById('examples').textContent);

/** What the headers editor shows until something is put there. It is never sent. */
const HINT = { Authorization: 'Bearer …' };
const HINT_TEXT = JSON.stringify(HINT, null, 2);

/** The headers that were last written in any tab, as their text, or nothing. */
let written = stored('headers');

/** What GraphiQL has kept from an earlier visit, or nothing where the browser keeps nothing. */
function stored(key) {
  try {
    return localStorage.getItem(`graphiql:${key}`) || undefined;
  } catch {
    return undefined;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text ?? '{}');
  } catch {
    return {};
  }
}

/** The headers to send for a tab: its own, or those of another tab where its own are still the hint. */
function headersOf(tab) {
  if (tab.Authorization !== HINT.Authorization) return tab;
  const { Authorization: hint, ...rest } = { ...tab, ...parsed(written) };
  return hint === HINT.Authorization ? rest : { ...rest, Authorization: hint };
}

/** Sends one request. What is no JSON (from a proxy, say) is shown as an error with its status. */
async function send(request, options) {
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      ...headersOf(options?.headers ?? {}),
    },
    body: JSON.stringify(request),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return {
      errors: [{ message: `${response.status} ${response.statusText}`.trim(), extensions: { body: text } }],
    };
  }
}

const variablesText = ({ variables }) => (variables ? JSON.stringify(variables, null, 2) : '');

/** The pane with the examples. One that is open is gone to, another is opened in a tab of its own. */
function Examples() {
  const { addTab, changeTab, queryEditor, tabs, variableEditor } = useEditorContext({ nonNull: true });
  const open = (example) => {
    const at = tabs.findIndex((tab) => tab.query === example.query);
    if (at >= 0) return changeTab(at);
    flushSync(addTab);
    queryEditor.setValue(example.query);
    variableEditor.setValue(variablesText(example));
  };
  const entry = (example) =>
    createElement(
      'li',
      { key: example.name },
      createElement(
        'button',
        { type: 'button', className: 'graphiql-button', onClick: () => open(example) },
        example.name,
      ),
    );
  return createElement(
    'section',
    { className: 'examples', 'aria-label': 'Examples' },
    createElement('div', { className: 'graphiql-history-header' }, 'Examples'),
    createElement('ul', null, EXAMPLES.map(entry)),
  );
}

function ExamplesIcon() {
  return createElement(
    'svg',
    { viewBox: '0 0 16 16', fill: 'none', stroke: 'currentColor', strokeWidth: 1.5 },
    createElement('path', { d: 'M3 1.5h7l3 3v10H3zM5.5 7h5M5.5 10h5' }),
  );
}

const EXAMPLES_PANE = { title: 'Examples', icon: ExamplesIcon, content: Examples };

/** What a first visit begins with: a tab for each example. The first one's variables go by a way of their own. */
const BEGINNING = {
  defaultTabs: EXAMPLES.map((example) => ({ query: example.query, variables: variablesText(example) })),
  ...(!stored('tabState') && { variables: variablesText(EXAMPLES[0] ?? {}) }),
};

/** What GraphiQL is given beside the headers: the same objects at every rendering, so that it changes nothing. */
const FIXED = {
  fetcher: send,
  shouldPersistHeaders: true,
  defaultEditorToolsVisibility: 'headers',
  ...(EXAMPLES.length > 0 && { plugins: [EXAMPLES_PANE], ...BEGINNING }),
};

function Page() {
  const [headers, setHeaders] = useState(written ?? HINT_TEXT);
  const onEditHeaders = (text) => {
    if (parsed(text).Authorization === HINT.Authorization) return;
    written = text;
    setHeaders(text);
  };
  return createElement(GraphiQL, { ...FIXED, defaultHeaders: headers, onEditHeaders });
}

/** What an editor is called by those who do not see where it stands. */
function nameOf(editor) {
  if (editor.closest('.result-window')) return 'Result';
  if (editor.closest('[aria-label="Query Editor"]')) return 'Query';
  const tools = [...document.querySelectorAll('.graphiql-editor-tool > .graphiql-editor')];
  return ['Variables', 'Headers'][tools.findIndex((tool) => tool.contains(editor))] ?? 'Editor';
}

/** The keyboard leaves an editor as it leaves any field, and each has a name (WCAG 2.1.2, 4.1.2). */
function adaptEditor(element) {
  const editor = element.CodeMirror;
  editor.setOption('extraKeys', { ...editor.getOption('extraKeys'), Tab: false, 'Shift-Tab': false });
  const name = nameOf(element);
  editor.getInputField().setAttribute('aria-label', name);
  // What is written is beside the field that takes the keys; it scrolls, and is read, by the keyboard as well.
  const lines = element.querySelector('.CodeMirror-scroll');
  for (const [key, value] of [['role', 'group'], ['aria-label', `${name}, as it stands`], ['tabindex', '0']]) {
    lines.setAttribute(key, value);
  }
}

/** A tab holds two buttons, which a `tab` may not: it is an item of a list, and says at its button which one is open. */
function adaptTab(item) {
  const isOpen = item.classList.contains('graphiql-tab-active');
  for (const name of ['role', 'aria-selected']) item.removeAttribute(name);
  item.querySelector('.graphiql-tab-button')?.toggleAttribute('aria-current', isOpen);
}

const adapted = new WeakSet();

/** Makes what GraphiQL has rendered fit for keyboards and for readers of screens. */
function adapt() {
  for (const element of document.querySelectorAll('.CodeMirror')) {
    if (!element.CodeMirror || adapted.has(element)) continue;
    adapted.add(element);
    adaptEditor(element);
  }
  for (const list of document.querySelectorAll('[role="tablist"]')) list.removeAttribute('role');
  for (const item of document.querySelectorAll('.graphiql-tab[aria-selected]')) adaptTab(item);
  // An operation of the history is called what is written on it.
  for (const label of document.querySelectorAll('.graphiql-history-item-label[aria-label]')) {
    label.removeAttribute('aria-label');
  }
}

const root = document.getElementById('graphiql');
new MutationObserver(adapt).observe(document.body, {
  subtree: true,
  childList: true,
  attributeFilter: ['aria-selected', 'role'],
});
createRoot(root).render(createElement(Page));
