// In the place of react-style-singleton: makes no style elements.
export const styleSingleton = () => () => null;
