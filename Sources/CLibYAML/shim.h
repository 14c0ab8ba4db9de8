#ifndef DESCRY_CLIBYAML_SHIM_H
#define DESCRY_CLIBYAML_SHIM_H

#include <yaml.h>

#endif
