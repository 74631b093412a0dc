; Ways into the kernel and out of it.
;
; The kernel runs with interrupts off, on one stack per core, and is never preempted: whatever it was entered for, it
; ends at return_to_user with `current` as the process to run. A process' registers are stored straight into its
; struct context, which is the first member of struct process. Interrupts are taken in kernel mode only where the idle
; loop waits for them; a fault in kernel mode stops the core.
;
; No SWAPGS: a global variable is per-core by construction, since each instance has its own page tables.

%include "context.inc"

bits 64
default rel

extern current
extern ipc_entry
extern interrupt_from_user
extern device_interrupt
extern fault_in_kernel

section .bss
align 8
syscall_rsp: resq 1

section .text

; SYSCALL from user mode (Intel SDM vol. 3, 5.8.8): rcx = rip, r11 = rflags, rsp is the user's, interrupts are off.
global syscall_entry
align 64
syscall_entry:
    mov     [syscall_rsp], rsp
    mov     rsp, [current]
    mov     [rsp + CTX_RIP], rcx
    mov     rcx, [syscall_rsp]
    mov     [rsp + CTX_RFLAGS], r11
    mov     [rsp + CTX_RSP], rcx
    mov     dword [rsp + CTX_VECTOR], VECTOR_SYSCALL
    mov     [rsp + CTX_RAX], rax
    mov     [rsp + CTX_RDI], rdi
    mov     [rsp + CTX_RSI], rsi
    mov     [rsp + CTX_RDX], rdx
    mov     [rsp + CTX_R10], r10
    mov     [rsp + CTX_R8], r8
    mov     [rsp + CTX_R9], r9
    mov     [rsp + CTX_R12], r12
    mov     [rsp + CTX_R13], r13
    mov     [rsp + CTX_RBX], rbx
    mov     [rsp + CTX_RBP], rbp
    mov     [rsp + CTX_R14], r14
    mov     [rsp + CTX_R15], r15
    mov     rdi, rsp
    mov     rsp, STACK_MAIN_TOP
    xor     ebp, ebp                ; ends the kernel's own backtraces
    call    ipc_entry
    ; falls through

; Runs `current`.
global return_to_user
return_to_user:
    mov     rsp, [current]
    mov     r15, [rsp + CTX_R15]
    mov     r14, [rsp + CTX_R14]
    mov     r13, [rsp + CTX_R13]
    mov     r12, [rsp + CTX_R12]
    mov     rbp, [rsp + CTX_RBP]
    mov     rbx, [rsp + CTX_RBX]
    mov     r10, [rsp + CTX_R10]
    mov     r9, [rsp + CTX_R9]
    mov     r8, [rsp + CTX_R8]
    mov     rdi, [rsp + CTX_RDI]
    mov     rsi, [rsp + CTX_RSI]
    mov     rdx, [rsp + CTX_RDX]
    mov     rax, [rsp + CTX_RAX]
    cmp     dword [rsp + CTX_VECTOR], VECTOR_SYSCALL
    jne     .interrupted
    mov     rcx, [rsp + CTX_RIP]    ; canonical: the last user page is never mapped (USER_END)
    mov     r11, [rsp + CTX_RFLAGS]
    mov     rsp, [rsp + CTX_RSP]
    o64 sysret
.interrupted:
    mov     r11, [rsp + CTX_R11]
    mov     rcx, [rsp + CTX_RCX]
    add     rsp, CTX_RIP
    iretq

; All general registers but rsp, in the order of struct context.
%macro PUSH_REGISTERS 0
    push    rax
    push    rcx
    push    rdx
    push    rsi
    push    rdi
    push    r8
    push    r9
    push    r10
    push    r11
    push    rbx
    push    rbp
    push    r12
    push    r13
    push    r14
    push    r15
%endmacro

; Gates leave DF and AC as the interrupted code had them: strings must go up, and AC would turn SMAP off.
%macro CLEAR_FLAGS 0
    push    2
    popfq
%endmacro

; Interrupts and exceptions. From user mode the CPU has pushed its frame into the context of `current` (TSS.RSP0); each
; vector's stub completes it with an error code, if the CPU has none, and the vector.
interrupt_entry:
    test    byte [rsp + 24], 3      ; the interrupted cs
    jz      .kernel
    PUSH_REGISTERS
    mov     rdi, rsp
    mov     rsp, STACK_MAIN_TOP
    xor     ebp, ebp
    CLEAR_FLAGS
    call    interrupt_from_user
    jmp     return_to_user
.kernel:
    cmp     dword [rsp], VECTOR_EXCEPTIONS
    jb      .fault
    ; The idle loop, which is C: it has what a called function keeps. The CPU has aligned the stack (SDM vol. 3, 6.14.2).
    push    rax
    push    rcx
    push    rdx
    push    rsi
    push    rdi
    push    r8
    push    r9
    push    r10
    push    r11
    mov     edi, [rsp + 9 * 8]
    call    device_interrupt
    pop     r11
    pop     r10
    pop     r9
    pop     r8
    pop     rdi
    pop     rsi
    pop     rdx
    pop     rcx
    pop     rax
    add     rsp, 16
    iretq
.fault:
    PUSH_REGISTERS
    mov     rdi, rsp
    CLEAR_FLAGS
    and     rsp, -16
    call    fault_in_kernel

; NMI, double fault and machine check come on stacks of their own, whatever was interrupted; none of them returns.
extern fault_on_own_stack
own_stack_entry:
    PUSH_REGISTERS
    mov     rdi, rsp
    CLEAR_FLAGS
    and     rsp, -16
    call    fault_on_own_stack

; The stubs, 16 bytes apart so that the IDT can be computed.
%macro STUB 1
align 16
%if %1 != 8 && %1 != 10 && %1 != 11 && %1 != 12 && %1 != 13 && %1 != 14 && %1 != 17 && %1 != 21 && %1 != 29 && %1 != 30
    push    0
%endif
    push    %1
%if %1 == 2 || %1 == 8 || %1 == 18
    jmp     own_stack_entry
%else
    jmp     interrupt_entry
%endif
%endmacro

global interrupt_stubs
align 16
interrupt_stubs:
%assign vector 0
%rep 256
    STUB vector
%assign vector vector + 1
%endrep

; The first code of an instance (instance.h): rdi is its information, the stack is STACK_MAIN.
extern instance_main
global instance_entry
instance_entry:
    xor     ebp, ebp
    call    instance_main
    jmp     return_to_user
section .note.GNU-stack noalloc noexec nowrite progbits
