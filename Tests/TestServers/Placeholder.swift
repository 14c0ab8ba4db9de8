// placeholder
import Subprocess
