#ifndef DESCRY_CLIBGIT2_SHIM_H
#define DESCRY_CLIBGIT2_SHIM_H

#include <git2.h>

#endif
