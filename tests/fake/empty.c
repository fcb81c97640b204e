/* A library that only has a name. */
__attribute__((visibility("default"))) int fake_empty(void) { return 0; }
