/*
 * A Node addon with one function, trim(): gives the free pages within the C library's heap back to the
 * operating system. glibc returns free memory only from the top of that heap, so one small allocation can
 * keep what a flood left below it. The few functions of Node-API it needs are declared here, because their
 * binary interface never changes and the headers are not part of every installation of Node.
 */
#include <malloc.h>
#include <stddef.h>

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env env, napi_callback_info info);

extern int napi_create_function(napi_env env, const char *name, size_t name_length, napi_callback callback, void *data,
                                napi_value *result);
extern int napi_set_named_property(napi_env env, napi_value object, const char *name, napi_value value);

static napi_value trim(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  malloc_trim(0);
  return NULL; /* undefined */
}

__attribute__((visibility("default"))) int node_api_module_get_api_version_v1(void) { return 8; }

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value function;
  if (napi_create_function(env, "trim", 4, trim, NULL, &function) != 0) return exports;
  napi_set_named_property(env, exports, "trim", function);
  return exports;
}
