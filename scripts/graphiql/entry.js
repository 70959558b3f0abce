// What the page needs of GraphiQL and React, as one global: `graphiql`.
import 'graphiql/style.css';

export { useEditorContext } from '@graphiql/react';
export { GraphiQL } from 'graphiql';
export { createElement, useState } from 'react';
export { flushSync } from 'react-dom';
export { createRoot } from 'react-dom/client';
